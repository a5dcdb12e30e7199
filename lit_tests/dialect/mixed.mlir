// A kernel with a body for each kind of core. They run at once and meet in global memory.
// RUN: xdsl-opt %s | filecheck %s
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// One cube core and two vector cores work on each block. The cube core's products go to the vector
// cores through %t, which nobody needs afterwards. Flag 0 says that a product is there.
// CHECK:      npu.kernel @product_and_exp ins(%x: {{.*}}) outs(%y: {{.*}}, %t: {{.*}}) on <mixed> blocks 1 scratch 1 target "ascend910b1" {
// CHECK-NEXT:   npu.part <cube> cores 1 {
// CHECK:          npu.fixpipe %c into %t
// CHECK-NEXT:     npu.cross_set <store> flag 0
// CHECK-NEXT:   }
// CHECK-NEXT:   npu.part <vector> cores 2 {
// CHECK-NEXT:     npu.cross_wait <load> flag 0
// CHECK-NEXT:     %b = npu.block_idx : index
npu.kernel @product_and_exp ins(%x : memref<16x16xf32, #npu.scope<global>>) outs(%y : memref<16x16xf32, #npu.scope<global>>, %t : memref<16x16xf32, #npu.scope<global>>) on <mixed> blocks 1 scratch 1 target "ascend910b1" {
  npu.part <cube> cores 1 {
    %a = npu.alloc : memref<16x16xf32, #npu.scope<l1>>
    npu.load %x into %a : memref<16x16xf32, #npu.scope<global>> into memref<16x16xf32, #npu.scope<l1>>
    %c = npu.alloc : memref<16x16xf32, #npu.scope<l0c>>
    %first = arith.constant true
    npu.mmad ins(%a, %a : memref<16x16xf32, #npu.scope<l1>>, memref<16x16xf32, #npu.scope<l1>>) outs(%c : memref<16x16xf32, #npu.scope<l0c>>) init %first : i1
    npu.fixpipe %c into %t : memref<16x16xf32, #npu.scope<l0c>> into memref<16x16xf32, #npu.scope<global>>
    npu.cross_set <store> flag 0
  }
  npu.part <vector> cores 2 {
    npu.cross_wait <load> flag 0
    %b = npu.block_idx : index
    %row = affine.apply affine_map<(d0) -> (d0 * 8)> (%b)
    %half = memref.subview %t[%row, 0] [8, 16] [1, 1] : memref<16x16xf32, #npu.scope<global>> to memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
    %u = npu.alloc : memref<8x16xf32, #npu.scope<ub>>
    npu.load %half into %u : memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>> into memref<8x16xf32, #npu.scope<ub>>
    npu.vexp ins(%u : memref<8x16xf32, #npu.scope<ub>>) outs(%u : memref<8x16xf32, #npu.scope<ub>>)
    %to = memref.subview %y[%row, 0] [8, 16] [1, 1] : memref<16x16xf32, #npu.scope<global>> to memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
    npu.store %u into %to : memref<8x16xf32, #npu.scope<ub>> into memref<8x16xf32, strided<[16, 1], offset: ?>, #npu.scope<global>>
  }
}
