// A sum of rows, and a running sum along dimension 0, for the vendor's lowering as it is.
module {
  func.func @k(%a: memref<4x8xf32, #hivm.address_space<gm>>, %s: memref<4x1xf32, #hivm.address_space<gm>>, %c: memref<4x8xf32, #hivm.address_space<gm>>) attributes {hacc.entry, hacc.function_kind = #hacc.function_kind<DEVICE>, hivm.func_core_type = #hivm.func_core_type<AIV>} {
    %x = memref.alloc() : memref<4x8xf32, #hivm.address_space<ub>>
    %y = memref.alloc() : memref<4x1xf32, #hivm.address_space<ub>>
    %z = memref.alloc() : memref<4x8xf32, #hivm.address_space<ub>>
    %seven = arith.constant 7.0 : f32
    hivm.hir.load ins(%a : memref<4x8xf32, #hivm.address_space<gm>>) outs(%x : memref<4x8xf32, #hivm.address_space<ub>>)
    hivm.hir.vbrc ins(%seven : f32) outs(%y : memref<4x1xf32, #hivm.address_space<ub>>)
    hivm.hir.vreduce <sum> ins(%x : memref<4x8xf32, #hivm.address_space<ub>>) outs(%y : memref<4x1xf32, #hivm.address_space<ub>>) reduce_dims = [1]
    hivm.hir.store ins(%y : memref<4x1xf32, #hivm.address_space<ub>>) outs(%s : memref<4x1xf32, #hivm.address_space<gm>>)
    hivm.hir.vcumsum ins(%x : memref<4x8xf32, #hivm.address_space<ub>>) outs(%z : memref<4x8xf32, #hivm.address_space<ub>>) cum_dims = [0] reverse = false
    hivm.hir.store ins(%z : memref<4x8xf32, #hivm.address_space<ub>>) outs(%c : memref<4x8xf32, #hivm.address_space<gm>>)
    return
  }
}
