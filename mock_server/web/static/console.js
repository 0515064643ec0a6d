// The console's beginning: what is live, what the buttons do, the clock.
import { watch } from "./live.js";
import { listen } from "./act.js";
import { tick } from "./clock.js";
import { offer } from "./try.js";

listen();
tick();
offer();
watch();
