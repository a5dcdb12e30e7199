// What is computed in f64 from narrower floats is computed in f32: casts to f64 and back are gone.
// RUN: xdsl-opt %s -p npu-demote-f64 | filecheck %s

#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0, 0)>

// CHECK-LABEL: func.func @mean(
// CHECK-NOT:     f64
// CHECK:         %[[ZERO:.+]] = linalg.fill
// CHECK:         %[[SUM:.+]] = linalg.generic {{.*}} ins(%x : tensor<8x64xf32>) outs(%[[ZERO]] : tensor<8x1xf32>)
// CHECK:           arith.addf %{{.*}} : f32
// CHECK:         %[[MEAN:.+]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<8x1xf32>)
// CHECK:           arith.divf %{{.*}} : f32
// CHECK:         func.return %[[MEAN]] : tensor<8x1xf32>
func.func @mean(%x: tensor<8x64xf32>) -> tensor<8x1xf32> {
  %zero = arith.constant 0.0 : f64
  %count = arith.constant 64.0 : f64
  %e = tensor.empty() : tensor<8x64xf64>
  %s = tensor.empty() : tensor<8x1xf64>
  %f = tensor.empty() : tensor<8x1xf32>
  %wide = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x64xf32>) outs(%e : tensor<8x64xf64>) {
  ^bb0(%in: f32, %out: f64):
    %0 = arith.extf %in : f32 to f64
    linalg.yield %0 : f64
  } -> tensor<8x64xf64>
  %zeros = linalg.fill ins(%zero : f64) outs(%s : tensor<8x1xf64>) -> tensor<8x1xf64>
  %sum = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]} ins(%wide : tensor<8x64xf64>) outs(%zeros : tensor<8x1xf64>) {
  ^bb0(%in: f64, %out: f64):
    %0 = arith.addf %in, %out : f64
    linalg.yield %0 : f64
  } -> tensor<8x1xf64>
  %mean = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]} ins(%sum : tensor<8x1xf64>) outs(%s : tensor<8x1xf64>) {
  ^bb0(%in: f64, %out: f64):
    %0 = arith.divf %in, %count : f64
    linalg.yield %0 : f64
  } -> tensor<8x1xf64>
  %r = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]} ins(%mean : tensor<8x1xf64>) outs(%f : tensor<8x1xf32>) {
  ^bb0(%in: f64, %out: f32):
    %0 = arith.truncf %in : f64 to f32
    linalg.yield %0 : f32
  } -> tensor<8x1xf32>
  return %r : tensor<8x1xf32>
}

// f64 holds every integer of 32 bits, f32 does not: what comes of integers stays.

// CHECK-LABEL: func.func @of_integers(
// CHECK:         arith.sitofp %{{.*}} : i32 to f64
// CHECK:         arith.mulf %{{.*}} : f64
#id = affine_map<(d0) -> (d0)>
func.func @of_integers(%x: tensor<8xi32>) -> tensor<8xi32> {
  %half = arith.constant 0.5 : f64
  %e = tensor.empty() : tensor<8xf64>
  %f = tensor.empty() : tensor<8xi32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xi32>) outs(%e : tensor<8xf64>) {
  ^bb0(%in: i32, %out: f64):
    %0 = arith.sitofp %in : i32 to f64
    linalg.yield %0 : f64
  } -> tensor<8xf64>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%wide : tensor<8xf64>) outs(%f : tensor<8xi32>) {
  ^bb0(%in: f64, %out: i32):
    %0 = arith.mulf %in, %half : f64
    %1 = arith.fptosi %0 : f64 to i32
    linalg.yield %1 : i32
  } -> tensor<8xi32>
  return %r : tensor<8xi32>
}

// A result of f64 is what was asked for.

// CHECK-LABEL: func.func @result(
// CHECK:         arith.extf %{{.*}} : f32 to f64
func.func @result(%x: tensor<8xf32>) -> tensor<8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%e : tensor<8xf64>) {
  ^bb0(%in: f32, %out: f64):
    %0 = arith.extf %in : f32 to f64
    linalg.yield %0 : f64
  } -> tensor<8xf64>
  return %wide : tensor<8xf64>
}
