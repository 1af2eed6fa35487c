# one tile
load.uop sram_base=0 dram_base=0x400 y_size=1 x_size=1 x_stride=1
load.inp push_next_dep dram_base=0x200 y_size=1 x_size=16 x_stride=16 x_pad_0=1
gemm pop_prev_dep reset_reg uop_end=1 iter_out=1 iter_in=16 dst_factor_in=1
alu.shr push_next_dep uop_end=1 iter_out=1 iter_in=1 use_imm imm=-8 ; shift
store.out pop_prev_dep push_prev_dep y_size=1 x_size=1 x_stride=1
finish pop_next_dep
