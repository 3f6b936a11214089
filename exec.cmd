@rem Windows has no exec, with which the scripts of package.json have the shell become the server.
@%*
