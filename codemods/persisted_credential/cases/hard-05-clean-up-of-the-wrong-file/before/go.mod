module git.example.com/acme/scheduler

go 1.25

require git.example.com/acme/cache v0.1.0
