"""WEB: the control plane's HTTP API and event stream. Started by `app.serving` with the import string of `web.server`."""
