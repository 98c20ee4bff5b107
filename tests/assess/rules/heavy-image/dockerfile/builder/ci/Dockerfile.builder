# A tool for the pipeline: nothing is started in it but the compiler.
FROM golang:1.25
RUN go install golang.org/x/tools/cmd/goimports@v0.38.0
