// A product of matrices of one fractal each.
module {
  func.func @k(%a: memref<16x16xf16, #hivm.address_space<gm>>, %b: memref<16x16xf16, #hivm.address_space<gm>>, %o: memref<16x16xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIC>} {
    %x = memref.alloc() : memref<1x1x16x16xf16, #hivm.address_space<cbuf>>
    %y = memref.alloc() : memref<1x1x16x16xf16, #hivm.address_space<cbuf>>
    %z = memref.alloc() : memref<1x1x16x16xf32, #hivm.address_space<cc>>
    %true = arith.constant true
    %n = arith.constant 16 : index
    hivm.hir.nd2nz {dst_continuous} ins(%a : memref<16x16xf16, #hivm.address_space<gm>>) outs(%x : memref<1x1x16x16xf16, #hivm.address_space<cbuf>>) init_out_buffer = false
    hivm.hir.nd2nz {dst_continuous} ins(%b : memref<16x16xf16, #hivm.address_space<gm>>) outs(%y : memref<1x1x16x16xf16, #hivm.address_space<cbuf>>) init_out_buffer = false
    hivm.hir.mmadL1 ins(%x, %y, %true, %n, %n, %n : memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, memref<1x1x16x16xf16, #hivm.address_space<cbuf>>, i1, index, index, index) outs(%z : memref<1x1x16x16xf32, #hivm.address_space<cc>>)
    hivm.hir.fixpipe {enable_nz2nd} ins(%z : memref<1x1x16x16xf32, #hivm.address_space<cc>>) outs(%o : memref<16x16xf32, #hivm.address_space<gm>>)
    return
  }
}
