// RUN: not xdsl-opt %s --allow-unregistered-dialect -p 'convert-hivm-to-npu' 2>&1 | filecheck %s --check-prefix=BLOCKS
// RUN: not xdsl-opt %s --allow-unregistered-dialect -p 'convert-hivm-to-npu{blocks=2}' 2>&1 | filecheck %s --check-prefix=ARGUMENT

// BLOCKS:   error: @k: says on how many blocks it runs nowhere: pass blocks=…
// ARGUMENT: error: @k: buffer 0 has no static shape: memref<?xf32, #hivm.address_space<gm>>

"func.func"() <{function_type = (memref<?xf32, #hivm.address_space<gm>>) -> (), sym_name = "k"}> ({
^bb0(%x: memref<?xf32, #hivm.address_space<gm>>):
  "func.return"() : () -> ()
}) {hivm.func_core_type = #hivm.func_core_type<AIV>} : () -> ()
