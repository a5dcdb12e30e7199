// A permutation that is no swap of two dimensions: the vendor's verifier refuses it.
module {
  func.func @k(%a: memref<8x16x24xf32, #hivm.address_space<gm>>, %o: memref<24x8x16xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} {
    %x = memref.alloc() : memref<8x16x24xf32, #hivm.address_space<ub>>
    %y = memref.alloc() : memref<24x8x16xf32, #hivm.address_space<ub>>
    hivm.hir.load ins(%a : memref<8x16x24xf32, #hivm.address_space<gm>>) outs(%x : memref<8x16x24xf32, #hivm.address_space<ub>>)
    hivm.hir.vtranspose ins(%x : memref<8x16x24xf32, #hivm.address_space<ub>>) outs(%y : memref<24x8x16xf32, #hivm.address_space<ub>>) permutation = [2, 0, 1]
    hivm.hir.store ins(%y : memref<24x8x16xf32, #hivm.address_space<ub>>) outs(%o : memref<24x8x16xf32, #hivm.address_space<gm>>)
    return
  }
}
