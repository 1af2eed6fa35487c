.word 0xffffffffffffffff 0x7
finish spare0=0x80 spare1=1
load memory_type=6 unused=63
