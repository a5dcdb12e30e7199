// A kernel that has no addresses yet cannot be timed.
// RUN: xdsl-opt %s -p npu-bypass-l2 --verify-diagnostics | filecheck %s

// CHECK: npu-bypass-l2: {{.*}}has no address; run npu-plan-memory first [unplanned]
npu.kernel @sums ins(%x: memref<65536x1024xf32, #npu.scope<global>>) outs(%y: memref<65536x1xf32, #npu.scope<global>>) on <vector> blocks 48 target "ascend910b1" {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %0 = arith.constant 4096 : index
  scf.for %iteration = %block to %0 step %blocks {
    %i = affine.apply affine_map<(d0) -> ((d0 * 16))> (%iteration)
    %x_1 = memref.subview %x[%i, 0] [16, 1024] [1, 1] : memref<65536x1024xf32, #npu.scope<global>> to memref<16x1024xf32, strided<[1024, 1], offset: ?>, #npu.scope<global>>
    %a = npu.alloc : memref<16x1024xf32, #npu.scope<ub>>
    npu.load %x_1 into %a : memref<16x1024xf32, strided<[1024, 1], offset: ?>, #npu.scope<global>> into memref<16x1024xf32, #npu.scope<ub>>
    %s = npu.alloc : memref<16x1xf32, strided<[8, 1]>, #npu.scope<ub>>
    npu.vreduce <sum> ins(%a : memref<16x1024xf32, #npu.scope<ub>>) outs(%s : memref<16x1xf32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
    %y_1 = memref.subview %y[%i, 0] [16, 1] [1, 1] : memref<65536x1xf32, #npu.scope<global>> to memref<16x1xf32, strided<[1, 1], offset: ?>, #npu.scope<global>>
    npu.store %s into %y_1 : memref<16x1xf32, strided<[8, 1]>, #npu.scope<ub>> into memref<16x1xf32, strided<[1, 1], offset: ?>, #npu.scope<global>>
  } {npu.across = array<i64: 0, 65536, 16>}
}

func.func @main(%x : tensor<65536x1024xf32>) -> tensor<65536x1xf32> {
  %y = npu.launch @sums(%x) : (tensor<65536x1024xf32>) -> tensor<65536x1xf32>
  return %y : tensor<65536x1xf32>
}
