// A product, then its exponential on the vector cores: one barrier of all cores between them.
func.func @k(%ffts: i64 {hacc.arg_type = #hacc.arg_type<ffts_base_address>}, %a: memref<16x16xf32, #hivm.address_space<gm>>, %b: memref<16x16xf32, #hivm.address_space<gm>>, %t: memref<16x16xf32, #hivm.address_space<gm>>, %y: memref<16x16xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<MIX>, mix_mode = "mix"} {
  hivm.hir.set_ffts_base_addr %ffts
  %true = arith.constant true
  %n = arith.constant 16 : index
  %la = memref.alloc() : memref<2x1x16x8xf32, #hivm.address_space<cbuf>>
  %lb = memref.alloc() : memref<2x1x16x8xf32, #hivm.address_space<cbuf>>
  %c = memref.alloc() : memref<1x1x16x16xf32, #hivm.address_space<cc>>
  hivm.hir.nd2nz {dst_continuous} ins(%a : memref<16x16xf32, #hivm.address_space<gm>>) outs(%la : memref<2x1x16x8xf32, #hivm.address_space<cbuf>>)
  hivm.hir.nd2nz {dst_continuous} ins(%b : memref<16x16xf32, #hivm.address_space<gm>>) outs(%lb : memref<2x1x16x8xf32, #hivm.address_space<cbuf>>)
  hivm.hir.mmadL1 ins(%la, %lb, %true, %n, %n, %n : memref<2x1x16x8xf32, #hivm.address_space<cbuf>>, memref<2x1x16x8xf32, #hivm.address_space<cbuf>>, i1, index, index, index) outs(%c : memref<1x1x16x16xf32, #hivm.address_space<cc>>)
  hivm.hir.fixpipe {dma_mode = #hivm.dma_mode<nz2nd>} ins(%c : memref<1x1x16x16xf32, #hivm.address_space<cc>>) outs(%t : memref<16x16xf32, #hivm.address_space<gm>>)
  hivm.hir.sync_block[<ALL>, 0 : i16] tcube_pipe = <PIPE_ALL> tvector_pipe = <PIPE_ALL>
  %u = memref.alloc() : memref<16x16xf32, #hivm.address_space<ub>>
  hivm.hir.load ins(%t : memref<16x16xf32, #hivm.address_space<gm>>) outs(%u : memref<16x16xf32, #hivm.address_space<ub>>)
  hivm.hir.vexp ins(%u : memref<16x16xf32, #hivm.address_space<ub>>) outs(%u : memref<16x16xf32, #hivm.address_space<ub>>)
  hivm.hir.store ins(%u : memref<16x16xf32, #hivm.address_space<ub>>) outs(%y : memref<16x16xf32, #hivm.address_space<gm>>)
  return
}
