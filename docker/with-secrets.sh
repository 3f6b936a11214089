#!/bin/sh
# Becomes the given program, with the secrets of the volume in its environment.
set -eu
if [ -n "${JWT_SECRET_FILE:-}" ] && [ -z "${JWT_SECRET:-}" ]; then
  JWT_SECRET=$(cat "$JWT_SECRET_FILE")
  export JWT_SECRET
fi
exec "$@"
