module a.example/api
