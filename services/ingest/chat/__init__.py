"""Web chat's own side of the door: visitors' sockets, their files, the widget."""
