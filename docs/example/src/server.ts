import fastify from "fastify";
import { page } from "@acme/ui";

const server = fastify({ logger: true });
server.get("/", async (_request, reply) => reply.type("text/html").send(page("Storefront")));
await server.listen({ host: "0.0.0.0", port: 3000 });
