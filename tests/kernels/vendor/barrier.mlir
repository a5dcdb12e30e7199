// exp of exp: behind the barrier each of two blocks reads what the other one wrote.
func.func @k(%ffts: i64 {hacc.arg_type = #hacc.arg_type<ffts_base_address>}, %x: memref<2x64xf32, #hivm.address_space<gm>>, %t: memref<2x64xf32, #hivm.address_space<gm>>, %y: memref<2x64xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} {
  hivm.hir.set_ffts_base_addr %ffts
  %one = arith.constant 1 : index
  %block = hivm.hir.get_block_idx -> i64
  %own = arith.index_cast %block : i64 to index
  %other = arith.subi %one, %own : index
  %a = memref.alloc() : memref<64xf32, #hivm.address_space<ub>>
  %b = memref.alloc() : memref<64xf32, #hivm.address_space<ub>>
  %xr = memref.subview %x[%own, 0] [1, 64] [1, 1] : memref<2x64xf32, #hivm.address_space<gm>> to memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
  %tr = memref.subview %t[%own, 0] [1, 64] [1, 1] : memref<2x64xf32, #hivm.address_space<gm>> to memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
  %ts = memref.subview %t[%other, 0] [1, 64] [1, 1] : memref<2x64xf32, #hivm.address_space<gm>> to memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
  %yr = memref.subview %y[%own, 0] [1, 64] [1, 1] : memref<2x64xf32, #hivm.address_space<gm>> to memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>
  hivm.hir.load ins(%xr : memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) outs(%a : memref<64xf32, #hivm.address_space<ub>>)
  hivm.hir.vexp ins(%a : memref<64xf32, #hivm.address_space<ub>>) outs(%a : memref<64xf32, #hivm.address_space<ub>>)
  hivm.hir.store ins(%a : memref<64xf32, #hivm.address_space<ub>>) outs(%tr : memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>)
  hivm.hir.sync_block[<ALL_VECTOR>, 12 : i16] tvector_pipe = <PIPE_ALL>
  hivm.hir.load ins(%ts : memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>) outs(%b : memref<64xf32, #hivm.address_space<ub>>)
  hivm.hir.vexp ins(%b : memref<64xf32, #hivm.address_space<ub>>) outs(%b : memref<64xf32, #hivm.address_space<ub>>)
  hivm.hir.store ins(%b : memref<64xf32, #hivm.address_space<ub>>) outs(%yr : memref<64xf32, strided<[1], offset: ?>, #hivm.address_space<gm>>)
  return
}
