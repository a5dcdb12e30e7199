// What the store of a contraction can do is part of it: a maximum with 0, a narrowing of the sums.
// RUN: xdsl-opt %s -p npu-outline | filecheck %s

#id = affine_map<(i, j) -> (i, j)>

// A matmul with sums in f32, relu, f16, and a transposition: one group.

// CHECK-LABEL: func.func @stored(
// CHECK-NEXT:    %[[R:.+]] = npu.undecided "matmul_0" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<16x4xf32>) -> (tensor<4x8xf16>) {
// CHECK:           linalg.matmul
// CHECK:           arith.maximumf
// CHECK:           arith.truncf
// CHECK:           linalg.transpose
// CHECK-NEXT:      npu.yield
// CHECK-NOT:     npu.undecided
// CHECK:         func.return
func.func @stored(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<4x8xf16> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.maximumf %v, %zero : f32
    linalg.yield %s : f32
  } -> tensor<8x4xf32>
  %e16 = tensor.empty() : tensor<8x4xf16>
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%r : tensor<8x4xf32>) outs(%e16 : tensor<8x4xf16>) {
  ^bb0(%v: f32, %o: f16):
    %s = arith.truncf %v : f32 to f16
    linalg.yield %s : f16
  } -> tensor<8x4xf16>
  %et = tensor.empty() : tensor<4x8xf16>
  %t = linalg.transpose ins(%h : tensor<8x4xf16>) outs(%et : tensor<4x8xf16>) permutation = [1, 0]
  return %t : tensor<4x8xf16>
}

// The narrowing comes before the transposition that only it uses, so that the store does both.

// CHECK-LABEL: func.func @narrowed_after_a_transposition(
// CHECK-NEXT:    npu.undecided "matmul_1" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<16x4xf32>) -> (tensor<4x8xf16>) {
// CHECK-NOT:     npu.undecided
// CHECK:         func.return
func.func @narrowed_after_a_transposition(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<4x8xf16> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %et = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%m : tensor<8x4xf32>) outs(%et : tensor<4x8xf32>) permutation = [1, 0]
  %e16 = tensor.empty() : tensor<4x8xf16>
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<4x8xf32>) outs(%e16 : tensor<4x8xf16>) {
  ^bb0(%v: f32, %o: f16):
    %s = arith.truncf %v : f32 to f16
    linalg.yield %s : f16
  } -> tensor<4x8xf16>
  return %h : tensor<4x8xf16>
}

// Sums that somebody else needs in f32 are stored in f32; so are sums whose f16 is widened again,
// since a store does not round in between.

// CHECK-LABEL: func.func @needed_wide(
// CHECK-NEXT:    npu.undecided "matmul_2" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<16x4xf32>) -> (tensor<8x4xf32>) {
// CHECK:         npu.undecided "elementwise_0" {{.*}} -> (tensor<8x4xf16>) {
func.func @needed_wide(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf16>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %e16 = tensor.empty() : tensor<8x4xf16>
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<8x4xf32>) outs(%e16 : tensor<8x4xf16>) {
  ^bb0(%v: f32, %o: f16):
    %s = arith.truncf %v : f32 to f16
    linalg.yield %s : f16
  } -> tensor<8x4xf16>
  return %m, %h : tensor<8x4xf32>, tensor<8x4xf16>
}

// CHECK-LABEL: func.func @rounded_in_between(
// CHECK-NEXT:    npu.undecided "matmul_3" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<16x4xf32>) -> (tensor<8x4xf32>) {
// CHECK:         npu.undecided "elementwise_1"
func.func @rounded_in_between(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %s = arith.truncf %v : f32 to f16
    %u = arith.extf %s : f16 to f32
    linalg.yield %u : f32
  } -> tensor<8x4xf32>
  return %h : tensor<8x4xf32>
}

// A row that is added to all rows is what the sums start from, if no other op makes it.

// CHECK-LABEL: func.func @bias(
// CHECK-NEXT:    npu.undecided "matmul_{{[0-9]+}}" ins(%x, %w, %b : tensor<8x16xf32>, tensor<16x4xf32>, tensor<4xf32>) -> (tensor<8x4xf32>) {
// CHECK:           linalg.matmul
// CHECK:           arith.addf
// CHECK:           npu.yield
// CHECK-NOT:     npu.undecided
// CHECK:         func.return
func.func @bias(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%m, %b : tensor<8x4xf32>, tensor<4xf32>) outs(%e : tensor<8x4xf32>) {
  ^bb0(%v: f32, %u: f32, %o: f32):
    %s = arith.addf %v, %u : f32
    linalg.yield %s : f32
  } -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}
