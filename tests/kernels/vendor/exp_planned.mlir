// A planned kernel in order: load, exponential, store.
module {
  func.func @k(%a: memref<16x64xf32, #hivm.address_space<gm>>, %o: memref<16x64xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} {
    %0 = arith.constant 0 : i64
    %1 = arith.constant 4096 : i64
    %x = hivm.hir.pointer_cast(%0) : memref<16x64xf32, #hivm.address_space<ub>>
    %y = hivm.hir.pointer_cast(%1) : memref<16x64xf32, #hivm.address_space<ub>>
    hivm.hir.load ins(%a : memref<16x64xf32, #hivm.address_space<gm>>) outs(%x : memref<16x64xf32, #hivm.address_space<ub>>)
    hivm.hir.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]
    hivm.hir.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]
    hivm.hir.vexp ins(%x : memref<16x64xf32, #hivm.address_space<ub>>) outs(%y : memref<16x64xf32, #hivm.address_space<ub>>)
    hivm.hir.set_flag[<PIPE_V>, <PIPE_MTE3>, <EVENT_ID0>]
    hivm.hir.wait_flag[<PIPE_V>, <PIPE_MTE3>, <EVENT_ID0>]
    hivm.hir.store ins(%y : memref<16x64xf32, #hivm.address_space<ub>>) outs(%o : memref<16x64xf32, #hivm.address_space<gm>>)
    return
  }
}
