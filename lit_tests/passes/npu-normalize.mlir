// Structural clean-up before ops are grouped; see the patterns in npu_normalize.py.
// RUN: xdsl-opt %s -p npu-normalize | filecheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// The second result is used by nobody: it leaves, with what only it needs.

// CHECK-LABEL: func.func @dead_result(
// CHECK:         linalg.generic
// CHECK-SAME:        outs(%{{.*}} : tensor<4x8xf32>)
// CHECK-NEXT:    ^{{.*}}(%in: f32, %o0: f32):
// CHECK-NEXT:      %[[E:.+]] = math.exp
// CHECK-NEXT:      linalg.yield %[[E]] : f32
func.func @dead_result(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %r, %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%e, %e : tensor<4x8xf32>, tensor<4x8xf32>) {
  ^bb0(%in: f32, %o0: f32, %o1: f32):
    %1 = math.exp %in : f32
    %2 = math.sin %in : f32
    linalg.yield %1, %2 : f32, f32
  } -> tensor<4x8xf32>, tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// ReLU as PyTorch writes it is a maximum; NaN stays NaN. The constant was a tensor of one number.

// CHECK-LABEL: func.func @maximum(
// CHECK:         linalg.generic
// CHECK-SAME:        ins(%{{.*}} : tensor<4x8xf32>) outs(
// CHECK:           %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      arith.addf %{{.*}}, %[[ZERO]] : f32
// CHECK:           arith.maximumf
// CHECK-NOT:       arith.select
func.func @maximum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %zeros : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %c: f32, %out: f32):
    %0 = arith.addf %in, %c : f32
    %1 = arith.cmpf ugt, %0, %zero : f32
    %2 = arith.select %1, %0, %zero : f32
    linalg.yield %2 : f32
  } -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// A broadcast is read through its indexing map.

// CHECK-LABEL: func.func @broadcast(
// CHECK-NOT:     linalg.broadcast
// CHECK:         linalg.generic
// CHECK-SAME:        affine_map<(d0, d1) -> (d0)>
// CHECK-SAME:        ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<4xf32>)
func.func @broadcast(%x: tensor<4x8xf32>, %c: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %b = linalg.broadcast ins(%c : tensor<4xf32>) outs(%e : tensor<4x8xf32>) dimensions = [1]
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %b : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%in: f32, %column: f32, %out: f32):
    %1 = arith.subf %in, %column : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// A matrix product that starts from a bias starts from zero, and the bias is added.

// CHECK-LABEL: func.func @bias(
// CHECK:         %[[ZEROS:.+]] = linalg.fill
// CHECK:         %[[PRODUCT:.+]] = linalg.matmul {{.*}} outs(%[[ZEROS]] : tensor<4x6xf32>)
// CHECK:         linalg.generic {{.*}} ins(%bias, %[[PRODUCT]] : tensor<4x6xf32>, tensor<4x6xf32>)
// CHECK:           arith.addf
func.func @bias(%a: tensor<4x8xf32>, %b: tensor<8x6xf32>, %bias: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x6xf32>) outs(%bias : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}
