// An elementwise op that only feeds a contraction comes before the transposition that leads to it,
// so that the contraction can absorb that.
// RUN: xdsl-opt %s -p npu-hoist-elementwise | filecheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @scaled(
// CHECK:         %[[SCALED:.+]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<8x4xf32>)
// CHECK:           arith.mulf
// CHECK:         %[[T:.+]] = linalg.transpose ins(%[[SCALED]]
// CHECK:         linalg.matmul ins(%[[T]],
func.func @scaled(%x: tensor<8x4xf32>, %y: tensor<8x6xf32>) -> tensor<4x6xf32> {
  %scale = arith.constant 0.125 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%x : tensor<8x4xf32>) outs(%e : tensor<4x8xf32>) permutation = [1, 0]
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.mulf %in, %scale : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  %f = tensor.empty() : tensor<4x6xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%f : tensor<4x6xf32>) -> tensor<4x6xf32>
  %r = linalg.matmul ins(%s, %y : tensor<4x8xf32>, tensor<8x6xf32>) outs(%zeros : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}

// Here the result is needed as it is.

// CHECK-LABEL: func.func @returned(
// CHECK:         %[[T:.+]] = linalg.transpose
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : tensor<4x8xf32>)
func.func @returned(%x: tensor<8x4xf32>) -> tensor<4x8xf32> {
  %scale = arith.constant 0.125 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%x : tensor<8x4xf32>) outs(%e : tensor<4x8xf32>) permutation = [1, 0]
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.mulf %in, %scale : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %s : tensor<4x8xf32>
}
