// RUN: xdsl-opt %s -p npu-outline | filecheck %s

// Ops on rows come together, whatever they are: a reduction, what is done with its result, another reduction.
// The index that nobody uses is not computed, and the fills are inside.

// CHECK-LABEL: func.func @rows(
// CHECK-NEXT:    %[[R:.+]] = npu.undecided "rows_0" ins(%{{.*}} : tensor<8x16xf32>) -> (tensor<8x16xf32>) {
// CHECK-NOT:       linalg.index
// CHECK:           arith.maximumf
// CHECK:           math.exp
// CHECK:           arith.addf
// CHECK:           arith.divf
// CHECK:         func.return %[[R]]
func.func @rows(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0 : i32
  %e1 = tensor.empty() : tensor<8xf32>
  %e2 = tensor.empty() : tensor<8x16xf32>
  %e3 = tensor.empty() : tensor<8xi32>
  %f0 = linalg.fill ins(%ninf : f32) outs(%e1 : tensor<8xf32>) -> tensor<8xf32>
  %f1 = linalg.fill ins(%none : i32) outs(%e3 : tensor<8xi32>) -> tensor<8xi32>
  %m, %i = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x16xf32>) outs(%f0, %f1 : tensor<8xf32>, tensor<8xi32>) {
  ^bb0(%v: f32, %o: f32, %p: i32):
    %n = linalg.index 1 : index
    %k = arith.index_cast %n : index to i32
    %a = arith.maximumf %v, %o : f32
    %g = arith.cmpf ogt, %v, %o : f32
    %s = arith.select %g, %k, %p : i32
    linalg.yield %a, %s : f32, i32
  } -> tensor<8xf32>, tensor<8xi32>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x, %m : tensor<8x16xf32>, tensor<8xf32>) outs(%e2 : tensor<8x16xf32>) {
  ^bb0(%v: f32, %u: f32, %o: f32):
    %a = arith.subf %v, %u : f32
    %b = math.exp %a : f32
    linalg.yield %b : f32
  } -> tensor<8x16xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8xf32>) -> tensor<8xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%d : tensor<8x16xf32>) outs(%f2 : tensor<8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %a = arith.addf %v, %o : f32
    linalg.yield %a : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%d, %t : tensor<8x16xf32>, tensor<8xf32>) outs(%e2 : tensor<8x16xf32>) {
  ^bb0(%v: f32, %u: f32, %o: f32):
    %a = arith.divf %v, %u : f32
    linalg.yield %a : f32
  } -> tensor<8x16xf32>
  return %r : tensor<8x16xf32>
}

// Reductions over different axes do not come together.

// CHECK-LABEL: func.func @both_axes(
// CHECK:         npu.undecided "rows_1" {{.*}} -> (tensor<8xf32>)
// CHECK:         npu.undecided "rows_2" {{.*}} -> (tensor<f32>)
func.func @both_axes(%x: tensor<8x16xf32>) -> tensor<f32> {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x16xf32>) outs(%f1 : tensor<8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %a = arith.addf %v, %o : f32
    linalg.yield %a : f32
  } -> tensor<8xf32>
  %e2 = tensor.empty() : tensor<f32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<f32>) -> tensor<f32>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%s : tensor<8xf32>) outs(%f2 : tensor<f32>) {
  ^bb0(%v: f32, %o: f32):
    %a = arith.maximumf %v, %o : f32
    linalg.yield %a : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// The way from the first op to the last leads through a matmul: they stay apart, and the second
// result of neither is lost.

// CHECK-LABEL: func.func @around(
// CHECK:         %[[A:.+]] = npu.undecided "elementwise_0"
// CHECK:         %[[M:.+]] = npu.undecided "matmul_0" ins(%[[A]], %{{.*}} :
// CHECK:         npu.undecided "elementwise_1" ins(%[[A]], %[[M]] :
func.func @around(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %a = linalg.exp ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = linalg.matmul ins(%a, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.add ins(%a, %m : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// A selection of the larger one is a maximum; a window is a group of its own.

// CHECK-LABEL: func.func @pool(
// CHECK:         %[[A:.+]] = npu.undecided "elementwise_2"
// CHECK:           arith.maximumf
// CHECK:         npu.undecided "window_0" ins(%[[A]] : tensor<1x2x8x8xf32>) -> (tensor<1x2x4x4xf32>)
func.func @pool(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x8x8xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<1x2x8x8xf32>) outs(%e : tensor<1x2x8x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %g = arith.cmpf ugt, %v, %zero : f32
    %s = arith.select %g, %v, %zero : f32
    linalg.yield %s : f32
  } -> tensor<1x2x8x8xf32>
  %e2 = tensor.empty() : tensor<1x2x4x4xf32>
  %f = linalg.fill ins(%ninf : f32) outs(%e2 : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %k = tensor.empty() : tensor<2x2xf32>
  %r = linalg.pooling_nchw_max {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%a, %k : tensor<1x2x8x8xf32>, tensor<2x2xf32>) outs(%f : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %r : tensor<1x2x4x4xf32>
}
