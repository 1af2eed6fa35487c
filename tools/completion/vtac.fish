# SPDX-License-Identifier: Apache-2.0
# Fish completion of the vtac command.

function __vtac_passes
    vtac passes 2>/dev/null | string match -r '^\w+'
end

function __vtac_workloads
    echo list
    vtac conv2d --workload list 2>/dev/null | string match -r '^\w+\.\w+'
end

set -l operators '__fish_seen_subcommand_from gemm conv2d dense group_conv2d depthwise_conv2d conv2d_transpose add relu requantize max_pool2d avg_pool2d global_avg_pool2d'
set -l gemm '__fish_seen_subcommand_from gemm dense'
set -l conv2d '__fish_seen_subcommand_from conv2d group_conv2d depthwise_conv2d conv2d_transpose'
set -l images '__fish_seen_subcommand_from add relu requantize max_pool2d avg_pool2d global_avg_pool2d'
set -l run '__fish_seen_subcommand_from run'
set -l explain '__fish_seen_subcommand_from explain'
set -l text '__fish_seen_subcommand_from asm disasm'
set -l stream '__fish_seen_subcommand_from stream'
set -l server '__fish_seen_subcommand_from rpc-server'
set -l tracker '__fish_seen_subcommand_from rpc-tracker'
set -l serving '__fish_seen_subcommand_from rpc-server rpc-tracker'
set -l query '__fish_seen_subcommand_from rpc-query'
set -l board '__fish_seen_subcommand_from board'
set -l step '__fish_seen_subcommand_from step'
set -l bench '__fish_seen_subcommand_from bench'
set -l config '__fish_seen_subcommand_from config'

complete -c vtac -f
complete -c vtac -l help -d 'Show help and exit'
complete -c vtac -l version -d 'Show the version and exit'

complete -c vtac -n __fish_use_subcommand -a gemm -d 'Blocked matrix multiply'
complete -c vtac -n __fish_use_subcommand -a conv2d -d '2D convolution'
complete -c vtac -n __fish_use_subcommand -a run -d 'Run a saved module'
complete -c vtac -n __fish_use_subcommand -a dense -d 'Dense layer: matrix multiply and bias'
complete -c vtac -n __fish_use_subcommand -a group_conv2d -d '2D convolution by groups of channels'
complete -c vtac -n __fish_use_subcommand -a depthwise_conv2d -d '2D convolution of each channel'
complete -c vtac -n __fish_use_subcommand -a conv2d_transpose -d 'Transposed 2D convolution'
complete -c vtac -n __fish_use_subcommand -a add -d 'Sum of two tensors'
complete -c vtac -n __fish_use_subcommand -a relu -d 'Non-negative part of a tensor'
complete -c vtac -n __fish_use_subcommand -a requantize -d 'Shift and clip of sums'
complete -c vtac -n __fish_use_subcommand -a max_pool2d -d '2D maximum pooling'
complete -c vtac -n __fish_use_subcommand -a avg_pool2d -d '2D average pooling'
complete -c vtac -n __fish_use_subcommand -a global_avg_pool2d -d 'Average of each channel'
complete -c vtac -n __fish_use_subcommand -a explain \
    -d 'Say where the cycles of a run go'
complete -c vtac -n __fish_use_subcommand -a rpc-server \
    -d 'Serve a simulator or a board to other machines'
complete -c vtac -n __fish_use_subcommand -a rpc-tracker \
    -d 'Tell clients which servers are free'
complete -c vtac -n __fish_use_subcommand -a rpc-query \
    -d 'Show what an RPC tracker knows'
complete -c vtac -n __fish_use_subcommand -a asm \
    -d 'Instructions from their text'
complete -c vtac -n __fish_use_subcommand -a disasm \
    -d 'The text of instructions'
complete -c vtac -n __fish_use_subcommand -a stream \
    -d 'Verify or run instructions'
complete -c vtac -n __fish_use_subcommand -a board -d 'Describe or program a board'
complete -c vtac -n __fish_use_subcommand -a step \
    -d 'Step through instructions'
complete -c vtac -n __fish_use_subcommand -a bench \
    -d 'Measure the simulator on this machine'
complete -c vtac -n __fish_use_subcommand -a config -d 'Show the configuration'
complete -c vtac -n __fish_use_subcommand -a passes -d 'List the passes'

complete -c vtac -n $operators -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $operators -l emit -x -a 'default tiled vta insns c insns-bin' \
    -d 'Print a stage'
complete -c vtac -n $operators -l no-run -d 'Do not run the kernel'
complete -c vtac -n $operators -l seed -x -d 'Seed of the input data'
complete -c vtac -n $operators -l stats -x -a 'text json' \
    -d 'Format of the counters'
complete -c vtac -n $operators -l quiet -d 'Print only what is asked for'
complete -c vtac -n $operators -l dump-after -x \
    -a '(__fish_append , (__vtac_passes))' -d 'Print after these passes'
complete -c vtac -n $operators -l dump-dir -x \
    -a '(__fish_complete_directories)' -d 'Write a file after every pass'
complete -c vtac -n $operators -l time-passes -d 'Print how long passes take'
complete -c vtac -n $operators -l trace -r -F -d 'Write a trace for Perfetto'
complete -c vtac -n $operators -l report -r -F -d 'Write an HTML report'
complete -c vtac -n $operators -l plot -r -F -d 'Draw an SVG figure'
complete -c vtac -n $operators -l plot-cycles -x -d 'Cycles that the figure shows'
complete -c vtac -n $operators -l exec -x -a 'evaluator native' \
    -d 'How to run the host side'
complete -c vtac -n $operators -l output -r -F -d 'Write the module to a file'
complete -c vtac -n $operators -l target -x \
    -a 'host armv7 aarch64 riscv64 pynq de10nano ultra96' \
    -d 'Machine to generate code for'
complete -c vtac -n $operators -l rpc -x -a '(__fish_print_hostnames)' \
    -d 'Run on that RPC server, HOST:PORT'
complete -c vtac -n $operators -l rpc-key -x -d 'Key of the server'
complete -c vtac -n $operators -l rpc-tracker -x \
    -a '(__fish_print_hostnames)' -d 'Tracker to ask for a server'
complete -c vtac -n $operators -l rpc-secret-file -r -F \
    -d 'File of the secret of the server'
complete -c vtac -n $operators -l load -r -F -d 'Run the module of a file'
complete -c vtac -n $operators -l function -x -d 'Which function of the file'
complete -c vtac -n $run -F
complete -c vtac -n $run -l list -d 'Say which functions the file holds'
complete -c vtac -n $run -l arg -x -d 'TYPE:AxBxC of an argument'
complete -c vtac -n $operators -l board -r -F -a '(vtac board)' -d 'Board to run on'
complete -c vtac -n $operators -l sim -x -a 'fsim tsim' -d 'Simulator'
complete -c vtac -n $operators -l sim-path -x -a 'fast portable plain avx2 avx512vnni neondot' \
    -d 'Path of the simulator'

complete -c vtac -n $operators -l batch -x -d 'Batch size'
complete -c vtac -n $operators -l tile -x -d 'Tile sizes'
complete -c vtac -n $operators -l vthreads -x -d 'Virtual threads'
complete -c vtac -n $operators -l shift -x -d 'Right shift of the sums'

complete -c vtac -n $gemm -l in -x -d 'Input size'
complete -c vtac -n $gemm -l out -x -d 'Output size'

complete -c vtac -n $conv2d -l in-channels -x -d 'Input channels'
complete -c vtac -n $conv2d -l out-channels -x -d 'Output channels'
complete -c vtac -n $conv2d -l size -x -d 'Size of the input, HxW'
complete -c vtac -n $conv2d -l kernel -x -d 'Size of the kernel, HxW'
complete -c vtac -n $conv2d -l pad -x -d 'Zeros around the input, HxW'
complete -c vtac -n $conv2d -l stride -x -d 'Steps of the kernel, HxW'
complete -c vtac -n $conv2d -l workload -x -a '(__vtac_workloads)' \
    -d 'A layer of a network'

complete -c vtac -n $operators -l bias -d 'Add a bias'
complete -c vtac -n $conv2d -l groups -x -d 'Groups of channels'
complete -c vtac -n $conv2d -l extra -x -d 'More output, HxW'

complete -c vtac -n $images -l channels -x -d 'Channels'
complete -c vtac -n $images -l size -x -d 'Size of the input, HxW'
complete -c vtac -n $images -l window -x -d 'Size of the window, HxW'
complete -c vtac -n $images -l pad -x -d 'Padding around the input, HxW'
complete -c vtac -n $images -l stride -x -d 'Steps of the window, HxW'
complete -c vtac -n $images -l wide -d 'Data in the type of the accumulators'

complete -c vtac -n $operators -l explain -d 'Say where the cycles go'
complete -c vtac -n $operators -l insns -d 'Explain: list every instruction'
complete -c vtac -n $explain -F -a 'gemm conv2d dense group_conv2d depthwise_conv2d conv2d_transpose add relu requantize max_pool2d avg_pool2d global_avg_pool2d'
complete -c vtac -n $explain -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $explain -l stats -x -a 'text json' -d 'Format'
complete -c vtac -n $explain -l insns -d 'List every instruction, too'

complete -c vtac -n $text -F
complete -c vtac -n $text -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $text -l output -s o -r -F -d 'Where to write'

complete -c vtac -n $serving -l host -x \
    -a '(__fish_print_hostnames)' -d 'Address to listen on'
complete -c vtac -n $serving -l port -x -d 'Port to listen on, 0 is any'
complete -c vtac -n $serving -l port-end -x -d 'Last port to try'
complete -c vtac -n $serving -l log-format -x -a 'logfmt json' -d 'Form of the log'
complete -c vtac -n $serving -l log-level -x \
    -a 'debug info warning error' -d 'Least level of the log'
complete -c vtac -n $serving -l idle-timeout -x -d 'How long silence is allowed'
complete -c vtac -n $tracker -l connections -x -d 'Connections at one time'
complete -c vtac -n $server -l key -x -d 'What clients ask for'
complete -c vtac -n $server -l secret-file -r -F -d 'Secret that clients must know'
complete -c vtac -n $server -l tracker -x \
    -a '(__fish_print_hostnames)' -d 'Tracker to register with'
complete -c vtac -n $server -l public-host -x \
    -a '(__fish_print_hostnames)' -d 'Where the tracker sends clients'
complete -c vtac -n $server -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $server -l sim -x -a 'fsim tsim' -d 'Simulator'
complete -c vtac -n $server -l sim-path -x -a 'fast portable plain' \
    -d 'Path of the simulator'
complete -c vtac -n $server -l board -r -F -a '(vtac board)' -d 'Preset or description'
complete -c vtac -n $server -l work-dir -x -a '(__fish_complete_directories)' \
    -d 'Where sessions keep their files'
complete -c vtac -n $server -l sessions -x -d 'Sessions at one time'
complete -c vtac -n $server -l waiting -x -d 'Clients that may wait for one'
complete -c vtac -n $server -l memory -x -d 'Memory of a session'
complete -c vtac -n $server -l storage -x -d 'Files of a session'
complete -c vtac -n $server -l files -x -d 'How many of them'
complete -c vtac -n $server -l packet -x -d 'Size of a message'
complete -c vtac -n $server -l hello-timeout -x -d 'Until a client has said its key'
complete -c vtac -n $server -l packet-timeout -x -d 'Until a message is through'
complete -c vtac -n $server -l call-timeout -x -d 'Of a request'
complete -c vtac -n $server -l session-timeout -x -d 'Of a session'
complete -c vtac -n $server -l cpu-time -x -d 'Of the processor for a session'
complete -c vtac -n $server -l no-sandbox -d 'Let sessions do what this user may'

complete -c vtac -n $query -l tracker -x \
    -a '(__fish_print_hostnames)' -d 'The tracker'
complete -c vtac -n $query -l json -d 'Print one JSON object'

complete -c vtac -n $board -l board -r -F -a '(vtac board)' -d 'Preset or description'
complete -c vtac -n $board -l registers -d 'Print the registers'
complete -c vtac -n $board -l program -r -F -d 'Bitstream for the FPGA'
complete -c vtac -n $stream -F -a 'verify run'
complete -c vtac -n $stream -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $stream -l dram -r -F -d 'FILE@ADDRESS into device memory'
complete -c vtac -n $stream -l dump -r -F -d 'FILE@ADDRESS+SIZE afterwards'
complete -c vtac -n $stream -l sim -x -a 'fsim tsim' -d 'Simulator'
complete -c vtac -n $stream -l sim-path -x -a 'fast portable plain' \
    -d 'Path of the simulator'
complete -c vtac -n $stream -l trace -r -F -d 'Write a trace for Perfetto'
complete -c vtac -n $stream -l report -r -F -d 'Write an HTML report'
complete -c vtac -n $stream -l plot -r -F -d 'Draw an SVG figure'
complete -c vtac -n $stream -l plot-cycles -x -d 'Cycles that the figure shows'
complete -c vtac -n $stream -l no-verify -d 'Do not verify first'
complete -c vtac -n $stream -l timing-only -d 'Count cycles only'
complete -c vtac -n $stream -l stats -x -a 'text json' \
    -d 'Format of the counters'

complete -c vtac -n $step -F
complete -c vtac -n $step -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $step -l dram -r -F -d 'FILE@ADDRESS into device memory'
complete -c vtac -n $step -l sim -x -a 'fsim tsim' -d 'Whose order'

complete -c vtac -n $bench -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $bench -l sim-path -x \
    -a 'fast portable plain avx2 avx512vnni neondot' -d 'Path of the simulator'
complete -c vtac -n $bench -l seconds -x -d 'Time for each kernel'
complete -c vtac -n $bench -l jobs -x -d 'Simulators at the same time'
complete -c vtac -n $bench -l json -d 'Print JSON'
complete -c vtac -n $bench -l plot -r -F -d 'Draw a roofline'

complete -c vtac -n $config -l config -r -F -d 'A vta_config.json'
complete -c vtac -n $config -l format -x -a 'text json' \
    -d 'Format of the listing'
