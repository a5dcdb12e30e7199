// The sum of each row, for a target whose tools ask more of a reduction.
npu.kernel @k ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x1xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend950" {
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  %s = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vreduce <sum> ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%s : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  npu.store %s into %y : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>> into memref<8x1xf32, #npu.scope<global>>
}
