// Kernels of dynamic shapes at given lengths, as a launch would run them.
// RUN: xdsl-opt %s -p 'npu-bind-extents{names="n0" values=37}' | filecheck %s
// RUN: xdsl-opt %s -p 'npu-bind-extents{names="n0" values=513}' --verify-diagnostics | filecheck %s --check-prefix=OUTSIDE
// RUN: xdsl-opt %s -p 'npu-bind-extents{names="m" values=3}' --verify-diagnostics | filecheck %s --check-prefix=MISSING

// CHECK:      npu.kernel @exp ins(%x: memref<37x64xf32, #npu.scope<global>>) outs(%y: memref<37x64xf32, #npu.scope<global>>) on <vector> blocks 48 target "ascend910b1" {
// CHECK-NEXT:   %block = npu.block_idx : index
// CHECK-NEXT:   %blocks = npu.block_count : index
// CHECK-NEXT:   %0 = arith.constant 5 : index
// CHECK-NEXT:   scf.for %iteration = %block to %0 step %blocks {
// CHECK-NEXT:     %i0 = affine.apply affine_map<(d0) -> ((d0 * 8))> (%iteration)
// CHECK-NEXT:     %1 = affine.min affine_map<(d0) -> (8, ((d0 * -1) + 37))> (%i0)
// CHECK:        } {npu.across = array<i64: 0, 37, 8>}
// OUTSIDE: npu-bind-extents: @exp: n0 is 513, but it is built for n0 in 1..512
// MISSING: npu-bind-extents: @exp needs a value for the extent n0 in 1..512
npu.kernel @exp ins(%x: memref<?x64xf32, #npu.scope<global>>) outs(%y: memref<?x64xf32, #npu.scope<global>>) extents(%n0: n0 in 1 to 512) sizes affine_map<(d0) -> (d0, d0)> on <vector> blocks 48 target "ascend910b1" {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %0 = affine.apply affine_map<(d0) -> (((d0 + 7) floordiv 8))> (%n0)
  scf.for %iteration = %block to %0 step %blocks {
    %i0 = affine.apply affine_map<(d0) -> ((d0 * 8))> (%iteration)
    %1 = affine.min affine_map<(d0, d1) -> (8, (d0 + (d1 * -1)))> (%n0, %i0)
    %x_1 = memref.subview %x[%i0, 0] [%1, 64] [1, 1] : memref<?x64xf32, #npu.scope<global>> to memref<?x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
    %b_1 = memref.subview %b[0, 0] [%1, 64] [1, 1] : memref<8x64xf32, #npu.scope<ub>> to memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>>
    npu.load %x_1 into %b_1 : memref<?x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>> into memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>>
    npu.vexp ins(%b_1 : memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>>) outs(%b_1 : memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>>)
    %y_1 = memref.subview %y[%i0, 0] [%1, 64] [1, 1] : memref<?x64xf32, #npu.scope<global>> to memref<?x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
    npu.store %b_1 into %y_1 : memref<?x64xf32, strided<[64, 1]>, #npu.scope<ub>> into memref<?x64xf32, strided<[64, 1], offset: ?>, #npu.scope<global>>
  } {npu.across = array<i64: 0, 512, 8>, npu.stops = affine_map<(d0) -> (d0)>}
}
