// Kernels of dynamic shapes: lengths that a launch gives.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// Behind the buffers stand the extents with their ranges; sizes maps them to the dynamic dimensions, in order.

// CHECK:      npu.kernel @twice ins(%x: memref<?x64xf32, #npu.scope<global>>) outs(%y: memref<?xf32, #npu.scope<global>>) extents(%n: n0 in 1 to 512) sizes affine_map<(d0) -> (d0, (d0 * 64))> on <vector> blocks 4 target "ascend910b1" {
// CHECK-NEXT:   %0 = affine.apply affine_map<(d0) -> ((d0 * 2))> (%n)
// CHECK-NEXT: }
// GENERIC: extents = [#npu.extent<n0 in 1 to 512>], sizes = affine_map<(d0) -> (d0, (d0 * 64))>
// GENERIC-NEXT: ^bb{{[0-9]+}}(%x: memref<?x64xf32, #npu.scope<global>>, %y: memref<?xf32, #npu.scope<global>>, %n: index):
npu.kernel @twice ins(%x: memref<?x64xf32, #npu.scope<global>>) outs(%y: memref<?xf32, #npu.scope<global>>) extents(%n: n0 in 1 to 512) sizes affine_map<(d0) -> (d0, d0 * 64)> on <vector> blocks 4 target "ascend910b1" {
  %0 = affine.apply affine_map<(d0) -> (d0 * 2)> (%n)
}

// A launch gives them behind its buffers.
func.func @main(%x: tensor<?x64xf32>, %n: index) -> tensor<?xf32> {
  // CHECK: %r = npu.launch @twice(%x, %n) : (tensor<?x64xf32>, index) -> tensor<?xf32>
  %r = npu.launch @twice(%x, %n) : (tensor<?x64xf32>, index) -> tensor<?xf32>
  func.return %r : tensor<?xf32>
}
