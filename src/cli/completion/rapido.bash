# Completion of rapido for bash: source <(rapido completion bash)
_rapido() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(rapido complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rapido rapido
