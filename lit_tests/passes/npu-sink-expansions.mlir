// What is done to a contraction's result comes before its axes are split, where nothing else has
// the split axes.
// RUN: xdsl-opt %s -p npu-sink-expansions | filecheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d2)>
#position = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func.func @biased(
// CHECK:         %[[PRODUCT:.+]] = linalg.matmul
// CHECK-NEXT:    tensor.empty() : tensor<12x8xf32>
// CHECK-NEXT:    %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[PRODUCT]], %{{.+}} : tensor<12x8xf32>, tensor<8xf32>)
// CHECK:         %[[SPLIT:.+]] = tensor.expand_shape %[[SUM]] {{.*}} : tensor<12x8xf32> into tensor<3x4x8xf32>
// CHECK-NEXT:    return %[[SPLIT]]
func.func @biased(%x: tensor<12x4xf32>, %w: tensor<4x8xf32>, %bias: tensor<8xf32>) -> tensor<3x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<12x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%f : tensor<12x8xf32>) -> tensor<12x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<12x4xf32>, tensor<4x8xf32>) outs(%zeros : tensor<12x8xf32>) -> tensor<12x8xf32>
  %s = tensor.expand_shape %p [[0, 1], [2]] output_shape [3, 4, 8] : tensor<12x8xf32> into tensor<3x4x8xf32>
  %e = tensor.empty() : tensor<3x4x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %bias : tensor<3x4x8xf32>, tensor<8xf32>) outs(%e : tensor<3x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<3x4x8xf32>
  return %r : tensor<3x4x8xf32>
}

// Here each position has its own row: the split axis is needed.

// CHECK-LABEL: func.func @positions(
// CHECK:         tensor.expand_shape
// CHECK:         linalg.generic
func.func @positions(%x: tensor<12x4xf32>, %w: tensor<4x8xf32>, %table: tensor<4x8xf32>) -> tensor<3x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<12x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%f : tensor<12x8xf32>) -> tensor<12x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<12x4xf32>, tensor<4x8xf32>) outs(%zeros : tensor<12x8xf32>) -> tensor<12x8xf32>
  %s = tensor.expand_shape %p [[0, 1], [2]] output_shape [3, 4, 8] : tensor<12x8xf32> into tensor<3x4x8xf32>
  %e = tensor.empty() : tensor<3x4x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #position, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %table : tensor<3x4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<3x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<3x4x8xf32>
  return %r : tensor<3x4x8xf32>
}

// All that follows the contraction moves, one op after the other.

// CHECK-LABEL: func.func @two(
// CHECK:         arith.addf
// CHECK:         arith.truncf
// CHECK:         %[[SPLIT:.+]] = tensor.expand_shape {{.*}} : tensor<12x8xf16> into tensor<3x4x8xf16>
// CHECK-NEXT:    return %[[SPLIT]]
func.func @two(%x: tensor<12x4xf32>, %w: tensor<4x8xf32>, %bias: tensor<8xf32>) -> tensor<3x4x8xf16> {
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<12x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%f : tensor<12x8xf32>) -> tensor<12x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<12x4xf32>, tensor<4x8xf32>) outs(%zeros : tensor<12x8xf32>) -> tensor<12x8xf32>
  %s = tensor.expand_shape %p [[0, 1], [2]] output_shape [3, 4, 8] : tensor<12x8xf32> into tensor<3x4x8xf32>
  %e = tensor.empty() : tensor<3x4x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %bias : tensor<3x4x8xf32>, tensor<8xf32>) outs(%e : tensor<3x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<3x4x8xf32>
  %h = tensor.empty() : tensor<3x4x8xf16>
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]} ins(%r : tensor<3x4x8xf32>) outs(%h : tensor<3x4x8xf16>) {
  ^bb0(%a: f32, %out: f16):
    %1 = arith.truncf %a : f32 to f16
    linalg.yield %1 : f16
  } -> tensor<3x4x8xf16>
  return %t : tensor<3x4x8xf16>
}
