# SPDX-License-Identifier: Apache-2.0
# Bash completion of the vtac command.

_vtac_values() { # words that may follow the option
  case $1 in
    --emit) echo default tiled vta insns ;;
    --stats | --format) echo text json ;;
    --sim) echo fsim tsim ;;
    --sim-path) echo fast portable plain ;;
    --workload) vtac conv2d --workload list 2>/dev/null |
      sed -n 's/^\([a-z0-9]*\.[A-Za-z0-9]*\) .*/\1/p'; echo list ;;
    --dump-after) vtac passes 2>/dev/null | cut -d ' ' -f 1 ;;
  esac
}

_vtac() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local general="--help --version"
  local common="--config --emit --no-run --seed --stats --quiet --dump-after
    --dump-dir --time-passes --sim --sim-path $general"
  local words
  COMPREPLY=()
  # "--emit=vta" arrives as three words.
  [[ $word == = ]] && word=
  [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  case $previous in
    --config) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --dump-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --emit | --stats | --format | --sim | --sim-path | --workload | --dump-after)
      words=$(_vtac_values "$previous") ;;
    --batch | --in | --out | --tile | --shift | --seed | --in-channels | \
      --out-channels | --size | --kernel | --pad | --stride | --vthreads)
      return ;;
    *)
      if ((COMP_CWORD == 1)); then
        words="gemm conv2d config passes $general"
      else
        case ${COMP_WORDS[1]} in
          gemm) words="--batch --in --out --tile --shift --vthreads $common" ;;
          conv2d) words="--batch --in-channels --out-channels --size --kernel
            --pad --stride --tile --vthreads --shift --workload $common" ;;
          config) words="--config --format $general" ;;
          *) words=$general ;;
        esac
      fi ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _vtac vtac
