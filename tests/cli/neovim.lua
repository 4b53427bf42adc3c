-- A session of Neovim: opens the Dockerfile, waits for what is found, looks at the page and the actions, makes all safe fixes,
-- and writes all files. Prints one JSON document. The program is in the variable DFMIGRATE.

vim.cmd("edit Dockerfile")
local start = vim.lsp.start or vim.lsp.start_client
local id = start({ name = "dfmigrate", cmd = { vim.env.DFMIGRATE, "lsp" }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(0, id)
vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50)

local found = vim.diagnostic.get(0)
local place = { line = found[1].lnum, character = found[1].col }
local document = { uri = vim.uri_from_bufnr(0) }

local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, 60000)
  return answers[id].result
end

local function actions(only)
  local context = { diagnostics = {}, only = only }
  return ask("textDocument/codeAction", { textDocument = document, range = { start = place, ["end"] = place }, context = context })
end

local result = { messages = {}, titles = {} }
for _, one in ipairs(found) do table.insert(result.messages, one.message) end
result.page = ask("textDocument/hover", { textDocument = document, position = place }).contents.value
for _, action in ipairs(actions(nil)) do table.insert(result.titles, action.title) end
local all = actions({ "source.fixAll" })
vim.lsp.util.apply_workspace_edit(all[1].edit, vim.lsp.get_client_by_id(id).offset_encoding)
vim.cmd("silent wall")
vim.wait(60000, function() return #vim.diagnostic.get(0) == 0 end, 50)
result.left = #vim.diagnostic.get(0)
io.stdout:write(vim.fn.json_encode(result) .. "\n")
vim.cmd("qall!")
