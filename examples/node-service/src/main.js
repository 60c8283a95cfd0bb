import { createService } from "./service.js";

const port = Number(process.env.PORT ?? 8080);
const server = createService({ version: process.env.VERSION });
server.listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}`));
process.on("SIGTERM", () => server.close());
process.on("SIGINT", () => server.close());
