# SPDX-License-Identifier: Apache-2.0
# Bash completion of the vtac command.

_vtac_values() { # words that may follow the option
  case $1 in
    --emit) echo default tiled vta insns c insns-bin ;;
    --exec) echo evaluator native ;;
    --target) echo host armv7 aarch64 riscv64 pynq de10nano ultra96 ;;
    --stats | --format) echo text json ;;
    --sim) echo fsim tsim ;;
    --log-format) echo logfmt json ;;
    --log-level) echo debug info warning error ;;
    --board) vtac board 2>/dev/null ;;
    --sim-path) echo fast portable plain avx2 avx512vnni neondot ;;
    --workload) vtac conv2d --workload list 2>/dev/null |
      sed -n 's/^\([a-z0-9]*\.[A-Za-z0-9]*\) .*/\1/p'; echo list ;;
    --dump-after) vtac passes 2>/dev/null | cut -d ' ' -f 1 ;;
  esac
}

_vtac_stream() { # words of the commands about streams
  case $1 in
    step) echo --config --dram --sim ;;
    stream) echo verify run --config --dram --dump --sim --sim-path \
      --no-verify --timing-only --stats --trace --report --plot \
      --plot-cycles ;;
    *) echo --config --output ;;
  esac
}

_vtac() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local general="--help --version"
  local common="--config --emit --no-run --seed --stats --quiet --dump-after
    --dump-dir --time-passes --board --sim --sim-path --trace --report --plot
    --plot-cycles --exec --explain --insns --output --target --load
    --function --rpc --rpc-key --rpc-tracker --rpc-secret-file $general"
  local words
  COMPREPLY=()
  # "--emit=vta" arrives as three words.
  [[ $word == = ]] && word=
  [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  case $previous in
    --config | --output | --load | --dram | --dump | --program | --trace | \
      --report | --plot | --rpc-secret-file | --secret-file)
      mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --dump-dir | --work-dir)
      mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --board)
      words=$(_vtac_values "$previous")
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"
        compgen -f -- "$word")
      return ;;
    --emit | --stats | --format | --sim | --sim-path | --workload | --dump-after | \
      --exec | --target | --log-format | --log-level)
      words=$(_vtac_values "$previous") ;;
    --batch | --in | --out | --tile | --shift | --seed | --in-channels | \
      --out-channels | --size | --kernel | --pad | --stride | --vthreads | \
      --seconds | --jobs | --groups | --channels | --window | --extra | --plot-cycles | --rpc-key | \
      --function | --arg | \
      --key | --port | --port-end | --sessions | --waiting | --memory | \
      --storage | --files | --packet | --*-timeout | --cpu-time | --connections)
      return ;;
    --rpc | --rpc-tracker | --tracker | --host | --public-host)
      mapfile -t COMPREPLY < <(compgen -A hostname -- "$word"); return ;;
    *)
      if ((COMP_CWORD == 1)); then
        words="gemm conv2d dense group_conv2d depthwise_conv2d conv2d_transpose
          add relu requantize max_pool2d avg_pool2d global_avg_pool2d
          run explain rpc-server rpc-tracker rpc-query asm
          disasm stream step board bench config passes $general"
      else
        case ${COMP_WORDS[1]} in
          gemm | dense) words="--batch --in --out --tile --shift --vthreads
            --bias $common" ;;
          conv2d_transpose) words="--batch --in-channels --out-channels --size
            --kernel --pad --stride --extra --vthreads --shift --bias $common" ;;
          add | relu | requantize | *_pool2d) words="--batch --channels --size
            --vthreads --wide --shift --window --pad --stride $common" ;;
          *conv2d) words="--batch --in-channels --out-channels --size --kernel
            --pad --stride --tile --vthreads --shift --bias --groups --workload
            $common" ;;
          explain)
            words="gemm conv2d dense group_conv2d depthwise_conv2d
              conv2d_transpose add relu requantize max_pool2d avg_pool2d
              global_avg_pool2d --config --stats --insns $general"
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"
              compgen -f -- "$word")
            return ;;
          run)
            words="--list --arg $common"
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"
              compgen -f -- "$word")
            return ;;
          asm | disasm | stream | step)
            words=$(_vtac_stream "${COMP_WORDS[1]}")" $general"
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"
              compgen -f -- "$word")
            return ;;
          rpc-server) words="--host --port --port-end --key --secret-file
            --tracker --public-host --config --sim --sim-path --board
            --work-dir --sessions --waiting --memory --storage --files --packet
            --hello-timeout --idle-timeout --packet-timeout --call-timeout
            --session-timeout --cpu-time --no-sandbox --log-format --log-level
            $general" ;;
          rpc-tracker) words="--host --port --port-end --connections
            --idle-timeout --log-format --log-level $general" ;;
          rpc-query) words="--tracker --json $general" ;;
          board) words="--board --registers --program $general" ;;
          bench) words="--config --sim-path --seconds --jobs --json --plot
            $general" ;;
          config) words="--config --format $general" ;;
          *) words=$general ;;
        esac
      fi ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _vtac vtac
