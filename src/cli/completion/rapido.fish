# Completion of rapido for fish: rapido completion fish > ~/.config/fish/completions/rapido.fish
complete -c rapido -a '(rapido complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
