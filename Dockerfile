# docker build -t mock-server . && docker run -p 127.0.0.1:4010:4010 mock-server
# docker run -p 127.0.0.1:4010:4010 -v "$PWD:/api:ro" mock-server serve /api/openapi.yaml --fixtures /api/fixtures
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE openapi.yaml ./
COPY fixtures fixtures
COPY mock_server mock_server
RUN python -m venv /opt/mock-server \
    && /opt/mock-server/bin/pip install --no-cache-dir --disable-pip-version-check '.[redis,tls]'

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home mock-server
COPY --from=build /opt/mock-server /opt/mock-server
# Everybody inside reaches the mock; from outside /__mock/ asks for the token that the banner shows
# (or MOCK_SERVER_CONTROL_TOKEN). Every option of serve may be set so.
ENV PATH=/opt/mock-server/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOCK_SERVER_HOST=0.0.0.0 \
    MOCK_SERVER_PORT=4010
USER 10001
WORKDIR /data
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"MOCK_SERVER_PORT\"]}/__mock/ready', timeout=2)"]
ENTRYPOINT ["mock-server"]
CMD ["serve"]
