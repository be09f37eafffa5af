-- One request, over and over, with its number where our generator would write it.
wrk.method = os.getenv("METHOD")
local body, number = os.getenv("BODY"), 0

function request()
  number = number + 1
  return wrk.format(nil, nil, nil, (body:gsub("{seq}", number)))
end
