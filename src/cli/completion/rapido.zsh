#compdef rapido
# Completion of rapido for zsh: source <(rapido completion zsh)
_rapido() {
  local -a found
  found=("${(@f)$(rapido complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n ${found[1]} ]]; then
    compadd -a found
  else
    _files
  fi
}
compdef _rapido rapido
