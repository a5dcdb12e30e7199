// RUN: xdsl-opt %s -p 'npu-outline{biases=f16}' | filecheck %s

// The transposition of the weights becomes part of the matmul, with the fill it starts from; the
// bias is a group of its own where sums do not start from rows of f32.

// CHECK-LABEL: func.func @linear(
// CHECK-NEXT:    %[[M:.+]] = npu.undecided "matmul_0" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<4x16xf32>) -> (tensor<8x4xf32>) {
// CHECK:           linalg.transpose
// CHECK:           linalg.fill
// CHECK:           linalg.matmul
// CHECK-NEXT:      npu.yield
// CHECK:         %[[R:.+]] = npu.undecided "elementwise_0" ins(%[[M]], %{{.*}} : tensor<8x4xf32>, tensor<4xf32>) -> (tensor<8x4xf32>) {
// CHECK:           arith.addf
// CHECK:           npu.yield
// CHECK:         func.return %[[R]]
func.func @linear(%x: tensor<8x16xf32>, %w: tensor<4x16xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<16x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x16xf32>) outs(%e0 : tensor<16x4xf32>) permutation = [1, 0]
  %e1 = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %t : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%m, %b : tensor<8x4xf32>, tensor<4xf32>) outs(%e1 : tensor<8x4xf32>) {
  ^bb0(%v: f32, %u: f32, %o: f32):
    %s = arith.addf %v, %u : f32
    linalg.yield %s : f32
  } -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}

// A contraction starts from zero: what it was to start from is added by another group.

// CHECK-LABEL: func.func @accumulate(
// CHECK:         %[[M:.+]] = npu.undecided "matmul_1" ins(%{{.*}}, %{{.*}} : tensor<8x16xf32>, tensor<16x4xf32>)
// CHECK:           arith.constant 0.0
// CHECK:           linalg.matmul
// CHECK:         npu.undecided "elementwise_1" ins(%{{.*}}, %[[M]] : tensor<8x4xf32>, tensor<8x4xf32>)
func.func @accumulate(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %c: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x4xf32>) outs(%c : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %m : tensor<8x4xf32>
}

// Heads: the operand's slice and permutation are read through, the reshape stays outside; the
// permutation of the result, which nothing else uses, is done when it is stored.

// CHECK-LABEL: func.func @heads(
// CHECK:         %[[X:.+]] = tensor.expand_shape %{{.*}} output_shape [8, 8, 16] : tensor<8x128xf32> into tensor<8x8x16xf32>
// CHECK:         %[[R:.+]] = npu.undecided "batch_matmul_0" ins(%[[P:.+]], %[[X]] : tensor<2x8x8xf32>, tensor<8x8x16xf32>) -> (tensor<8x2x16xf32>) {
// CHECK:           tensor.extract_slice %{{.*}}[0, 4, 0] [8, 2, 16] [1, 1, 1] : tensor<8x8x16xf32> to tensor<8x2x16xf32>
// CHECK:           linalg.transpose {{.*}} permutation = [1, 0, 2]
// CHECK:           linalg.generic
// CHECK:           linalg.transpose {{.*}} permutation = [1, 0, 2]
// CHECK-NEXT:      npu.yield
// CHECK:         tensor.collapse_shape %[[R]] {{.*}} : tensor<8x2x16xf32> into tensor<8x32xf32>
func.func @heads(%p: tensor<2x8x8xf32>, %x: tensor<8x128xf32>) -> tensor<8x32xf32> {
  %zero = arith.constant 0.0 : f32
  %s = tensor.extract_slice %x[0, 64] [8, 32] [1, 1] : tensor<8x128xf32> to tensor<8x32xf32>
  %h = tensor.expand_shape %s [[0], [1, 2]] output_shape [8, 2, 16] : tensor<8x32xf32> into tensor<8x2x16xf32>
  %e = tensor.empty() : tensor<2x8x16xf32>
  %t = linalg.transpose ins(%h : tensor<8x2x16xf32>) outs(%e : tensor<2x8x16xf32>) permutation = [1, 0, 2]
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %m = linalg.generic {indexing_maps = [affine_map<(b, i, j, k) -> (b, i, k)>, affine_map<(b, i, j, k) -> (b, k, j)>, affine_map<(b, i, j, k) -> (b, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%p, %t : tensor<2x8x8xf32>, tensor<2x8x16xf32>) outs(%f : tensor<2x8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %ab = arith.mulf %a, %b : f32
    %abc = arith.addf %c, %ab : f32
    linalg.yield %abc : f32
  } -> tensor<2x8x16xf32>
  %e2 = tensor.empty() : tensor<8x2x16xf32>
  %u = linalg.transpose ins(%m : tensor<2x8x16xf32>) outs(%e2 : tensor<8x2x16xf32>) permutation = [1, 0, 2]
  %r = tensor.collapse_shape %u [[0], [1, 2]] : tensor<8x2x16xf32> into tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}

// A scaling that only feeds a contraction is done before the transposition, which the contraction
// then absorbs.

// CHECK-LABEL: func.func @scaled(
// CHECK:         %[[S:.+]] = npu.undecided "elementwise_2" ins(%{{.*}} : tensor<4x16xf32>) -> (tensor<4x16xf32>)
// CHECK-NOT:       linalg.transpose
// CHECK:         npu.undecided "matmul_2" ins(%{{.*}}, %[[S]] : tensor<8x16xf32>, tensor<4x16xf32>)
// CHECK:           linalg.transpose
func.func @scaled(%x: tensor<8x16xf32>, %w: tensor<4x16xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %e0 = tensor.empty() : tensor<16x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x16xf32>) outs(%e0 : tensor<16x4xf32>) permutation = [1, 0]
  %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<16x4xf32>) outs(%e0 : tensor<16x4xf32>) {
  ^bb0(%v: f32, %o: f32):
    %p = arith.mulf %v, %half : f32
    linalg.yield %p : f32
  } -> tensor<16x4xf32>
  %e1 = tensor.empty() : tensor<8x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e1 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %m = linalg.matmul ins(%x, %s : tensor<8x16xf32>, tensor<16x4xf32>) outs(%f : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %m : tensor<8x4xf32>
}

// A padding is a group of its own: no index says "here the tensor, there the padding".

// CHECK-LABEL: func.func @convolution(
// CHECK:         npu.undecided "pad_0" ins(%{{.*}} : tensor<1x2x6x6xf32>) -> (tensor<1x2x8x8xf32>)
// CHECK:           tensor.pad
// CHECK:         npu.undecided "conv_0" ins(%{{.*}}, %{{.*}} : tensor<1x2x8x8xf32>, tensor<3x2x3x3xf32>) -> (tensor<1x3x6x6xf32>)
// CHECK:           linalg.conv_2d_nchw_fchw
func.func @convolution(%x: tensor<1x2x6x6xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x6x6xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x2x6x6xf32> to tensor<1x2x8x8xf32>
  %e = tensor.empty() : tensor<1x3x6x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32>
  %r = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%p, %w : tensor<1x2x8x8xf32>, tensor<3x2x3x3xf32>) outs(%f : tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32>
  return %r : tensor<1x3x6x6xf32>
}
