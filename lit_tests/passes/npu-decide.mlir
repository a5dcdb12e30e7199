// RUN: rm -f %t.sqlite*
// RUN: xdsl-opt %s -p 'npu-decide{sources=composition store="%t.sqlite"}' | filecheck %s
// RUN: xdsl-opt %s -p 'npu-decide{sources=replay store="%t.sqlite"}' | filecheck %s
// RUN: xdsl-opt %s -p 'npu-decide{sources=composition fresh=true store="%t.sqlite"}' | filecheck %s

// An undecided op becomes a launch of a kernel that the gate accepted. The second run finds the
// kernel in the store and gives the same module; it loads no model.

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>

// The kernel sees the axes that matter: the unit dimension is gone.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:      %x: tensor<1x64x48xf32>, %b: tensor<48xf32>)
// CHECK:         %[[X:.*]] = tensor.collapse_shape %x {{.*}} into tensor<64x48xf32>
// CHECK:         %[[Y:.*]] = npu.launch @bias(%[[X]], %b) : (tensor<64x48xf32>, tensor<48xf32>) -> tensor<64x48xf32>
// CHECK:         tensor.expand_shape %[[Y]] {{.*}} into tensor<1x64x48xf32>
// CHECK-NOT:     npu.undecided
func.func @main(%x: tensor<1x64x48xf32>, %b: tensor<48xf32>) -> tensor<1x64x48xf32> {
  %r = npu.undecided "bias" ins(%x, %b : tensor<1x64x48xf32>, tensor<48xf32>) -> (tensor<1x64x48xf32>) {
  ^bb0(%a: tensor<1x64x48xf32>, %c: tensor<48xf32>):
    %flat = tensor.collapse_shape %a [[0, 1], [2]] : tensor<1x64x48xf32> into tensor<64x48xf32>
    %e = tensor.empty() : tensor<64x48xf32>
    %s = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%flat, %c : tensor<64x48xf32>, tensor<48xf32>) outs(%e : tensor<64x48xf32>) {
    ^bb1(%in: f32, %bias: f32, %out: f32):
      %1 = arith.addf %in, %bias : f32
      linalg.yield %1 : f32
    } -> tensor<64x48xf32>
    %y = tensor.expand_shape %s [[0, 1], [2]] output_shape [1, 64, 48] : tensor<64x48xf32> into tensor<1x64x48xf32>
    npu.yield %y : tensor<1x64x48xf32>
  }
  func.return %r : tensor<1x64x48xf32>
}

// The kernel says for which schedule it was written. It is not planned yet: buffers have no address,
// pipes no flags.

// CHECK-LABEL: npu.kernel @bias
// CHECK-SAME:      on <vector> blocks {{[0-9]+}} target "ascend910b1" schedule<"whole-tiles" tile(i0 = {{[0-9]+}})> {
// CHECK-DAG:     npu.load %{{.*}} into %[[B:.*]] : memref<48xf32
// CHECK-NOT:     npu.set_flag
// CHECK:         scf.for
// CHECK:           npu.vadd
// CHECK:           npu.store
