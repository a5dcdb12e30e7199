// Both operands are repeated: the vendor's pipeline fails.
module {
  func.func @k(%a: memref<6x1xf32, #hivm.address_space<gm>>, %b: memref<1x64xf32, #hivm.address_space<gm>>, %o: memref<6x64xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} {
    %x = memref.alloc() : memref<6x1xf32, #hivm.address_space<ub>>
    %y = memref.alloc() : memref<1x64xf32, #hivm.address_space<ub>>
    %z = memref.alloc() : memref<6x64xf32, #hivm.address_space<ub>>
    hivm.hir.load ins(%a : memref<6x1xf32, #hivm.address_space<gm>>) outs(%x : memref<6x1xf32, #hivm.address_space<ub>>)
    hivm.hir.load ins(%b : memref<1x64xf32, #hivm.address_space<gm>>) outs(%y : memref<1x64xf32, #hivm.address_space<ub>>)
    hivm.hir.vadd ins(%x, %y : memref<6x1xf32, #hivm.address_space<ub>>, memref<1x64xf32, #hivm.address_space<ub>>) outs(%z : memref<6x64xf32, #hivm.address_space<ub>>) broadcast = [0, 1]
    hivm.hir.store ins(%z : memref<6x64xf32, #hivm.address_space<ub>>) outs(%o : memref<6x64xf32, #hivm.address_space<gm>>)
    return
  }
}
