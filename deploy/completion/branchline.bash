# bash completion for branchline, made by `branchline completion bash`.
_branchline() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= place=0 offered= files= i
  COMPREPLY=()
  # bash cuts --config=FILE at the sign.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command ${COMP_WORDS[i]}" in
    "run -c" | "run --config" | \
      "run --set" | \
      "status -c" | "status --config" | \
      "calls -c" | "calls --config" | \
      "calls -n" | "calls --count" | \
      "readiness -c" | "readiness --config" | \
      "history -c" | "history --config" | \
      "history --since" | \
      "snmp -c" | "snmp --config" | \
      "snmp --base" | \
      "registered -c" | "registered --config" | \
      "explain -c" | "explain --config" | \
      "doctor -c" | "doctor --config" | \
      "doctor --only" | \
      "report -c" | "report --config" | \
      "report -o" | "report --output" | \
      "trace -c" | "trace --config" | \
      "trace -n" | "trace --count" | \
      "trace --pcap" | \
      "watch -c" | "watch --config" | \
      "reload -c" | "reload --config" | \
      "force -c" | "force --config" | \
      "force --for" | \
      "drill -c" | "drill --config" | \
      "drill --phones" | \
      "drill --for" | \
      "drill --report" | \
      "drain -c" | "drain --config" | \
      "drain --wait" | \
      "join -c" | "join --config" | \
      "init -c" | "init --config" | \
      "init --localnet" | \
      "init --upstream" | \
      "init --gateway" | \
      "init --members" | \
      "init --emergency" | \
      "init --listen" | \
      "init --hear" | \
      "check -c" | "check --config" | \
      "check --set" | \
      "phones -c" | "phones --config" | \
      "cluster -c" | "cluster --config" | \
      "cluster --id" | \
      "cluster --neighbor" | \
      "cluster --as" | \
      "cluster --from")
      [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
      ((i++))
      ;;
    " "[!-]*) command=${COMP_WORDS[i]} ;;
    *" -"?*) ;;
    *) ((place++)) ;;
    esac
  done
  case "$command $before" in
    "run -c" | "run --config") files=yes ;;
    "run --set") ;;
    "status -c" | "status --config") files=yes ;;
    "calls -c" | "calls --config") files=yes ;;
    "calls -n" | "calls --count") ;;
    "readiness -c" | "readiness --config") files=yes ;;
    "history -c" | "history --config") files=yes ;;
    "history --since") ;;
    "snmp -c" | "snmp --config") files=yes ;;
    "snmp --base") ;;
    "registered -c" | "registered --config") files=yes ;;
    "explain -c" | "explain --config") files=yes ;;
    "doctor -c" | "doctor --config") files=yes ;;
    "doctor --only") ;;
    "report -c" | "report --config") files=yes ;;
    "report -o" | "report --output") files=yes ;;
    "trace -c" | "trace --config") files=yes ;;
    "trace -n" | "trace --count") ;;
    "trace --pcap") files=yes ;;
    "watch -c" | "watch --config") files=yes ;;
    "reload -c" | "reload --config") files=yes ;;
    "force -c" | "force --config") files=yes ;;
    "force --for") ;;
    "drill -c" | "drill --config") files=yes ;;
    "drill --phones") ;;
    "drill --for") ;;
    "drill --report") ;;
    "drain -c" | "drain --config") files=yes ;;
    "drain --wait") ;;
    "join -c" | "join --config") files=yes ;;
    "init -c" | "init --config") files=yes ;;
    "init --localnet") ;;
    "init --upstream") ;;
    "init --gateway") ;;
    "init --members") ;;
    "init --emergency") ;;
    "init --listen") ;;
    "init --hear") ;;
    "check -c" | "check --config") files=yes ;;
    "check --set") ;;
    "phones -c" | "phones --config") files=yes ;;
    "cluster -c" | "cluster --config") files=yes ;;
    "cluster --id") ;;
    "cluster --neighbor") ;;
    "cluster --as") ;;
    "cluster --from") files=yes ;;
    *)
      if [[ $word == -* ]]; then
        case $command in
          run) offered="-c --config --set -h --help" ;;
          status) offered="-c --config -v --verbose --json -h --help" ;;
          calls) offered="-c --config -n --count -f --follow --json -h --help" ;;
          readiness) offered="-c --config -v --verbose --json -h --help" ;;
          history) offered="-c --config --since --csv --json -h --help" ;;
          snmp) offered="-c --config --base -h --help" ;;
          registered) offered="-c --config --json -h --help" ;;
          explain) offered="-c --config --down --up --json -h --help" ;;
          doctor) offered="-c --config --only -v --verbose --fix --json -h --help" ;;
          report) offered="-c --config -o --output --anonymous -h --help" ;;
          trace) offered="-c --config -n --count -f --follow --raw --unmasked --pcap --json -h --help" ;;
          watch) offered="-c --config -h --help" ;;
          version) offered="--json -h --help" ;;
          help) offered="-h --help" ;;
          reload) offered="-c --config --json -h --help" ;;
          force) offered="-c --config --for --json -h --help" ;;
          drill) offered="-c --config --phones --for --stop --report --html --json -h --help" ;;
          drain) offered="-c --config --wait --alone --patient --json -h --help" ;;
          join) offered="-c --config --patient --json -h --help" ;;
          init) offered="-c --config --localnet --upstream --gateway --members --emergency --listen --hear -y --yes --force -h --help" ;;
          schema) offered="-h --help" ;;
          check) offered="-c --config --json -q --quiet --set --print --secrets -h --help" ;;
          phones) offered="-c --config --json -h --help" ;;
          cluster) offered="-c --config --id --neighbor --as --systemd --from --force -h --help" ;;
          completion) offered="-h --help" ;;
          *) offered="-h --help -V --version" ;;
        esac
      else
        case "$command $place" in
          " 0") offered="run status calls readiness history snmp registered explain doctor report trace watch version help reload force drill drain join init schema check phones cluster completion" ;;
          "calls 0") ;;
          "registered 0") ;;
          "explain 0") ;;
          "explain 1") ;;
          "trace 0") ;;
          "help 0") offered="run status calls readiness history snmp registered explain doctor report trace watch version help reload force drill drain join init schema check phones cluster completion" ;;
          "force 0") offered="up down auto" ;;
          "check 0") files=yes ;;
          "phones 0") offered="yealink cisco grandstream audiocodes snom polycom" ;;
          "cluster 0") offered="keepalived openwrt edgeos bird frr exabgp secret" ;;
          "cluster 1") files=yes ;;
          "completion 0") offered="bash zsh fish" ;;
        esac
      fi
      ;;
  esac
  if [[ -n $files ]]; then
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -W "$offered" -- "$word"))
  fi
}
complete -F _branchline branchline
