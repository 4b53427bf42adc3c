export default { define: { __SECRET__: JSON.stringify(process.env.SERVICE_SECRET) } };
