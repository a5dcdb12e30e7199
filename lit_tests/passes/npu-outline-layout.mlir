// RUN: xdsl-opt %s -p npu-outline | filecheck %s

// A reshape is free and stays outside; a transposition that nothing absorbs is a group.

// CHECK-LABEL: func.func @alone(
// CHECK-NEXT:    %[[T:.+]] = npu.undecided "layout_0" ins(%{{.*}} : tensor<4x6xf32>) -> (tensor<6x4xf32>)
// CHECK:           linalg.transpose
// CHECK:         %[[R:.+]] = tensor.collapse_shape %[[X:.+]] [[0 : i64, 1 : i64]] : tensor<4x6xf32> into tensor<24xf32>
// CHECK-NEXT:    func.return %[[T]], %[[R]]
func.func @alone(%x: tensor<4x6xf32>) -> (tensor<6x4xf32>, tensor<24xf32>) {
  %e = tensor.empty() : tensor<6x4xf32>
  %t = linalg.transpose ins(%x : tensor<4x6xf32>) outs(%e : tensor<6x4xf32>) permutation = [1, 0]
  %r = tensor.collapse_shape %x [[0, 1]] : tensor<4x6xf32> into tensor<24xf32>
  return %t, %r : tensor<6x4xf32>, tensor<24xf32>
}

// Moving a unit axis moves nothing.

// CHECK-LABEL: func.func @unit_axis(
// CHECK-NEXT:    tensor.expand_shape
// CHECK-NOT:     npu.undecided
// CHECK:         func.return
func.func @unit_axis(%x: tensor<4x6xf32>) -> tensor<1x4x6xf32> {
  %a = tensor.expand_shape %x [[0], [1, 2]] output_shape [4, 1, 6] : tensor<4x6xf32> into tensor<4x1x6xf32>
  %e = tensor.empty() : tensor<1x4x6xf32>
  %t = linalg.transpose ins(%a : tensor<4x1x6xf32>) outs(%e : tensor<1x4x6xf32>) permutation = [1, 0, 2]
  return %t : tensor<1x4x6xf32>
}

// Each user of a slice takes its part of the source.

// CHECK-LABEL: func.func @slices(
// CHECK:         npu.undecided "elementwise_0" ins(%{{.*}} : tensor<4x6xf32>) -> (tensor<4x3xf32>)
// CHECK:           tensor.extract_slice %{{.*}}[0, 0] [4, 3] [1, 1]
// CHECK:           tensor.extract_slice %{{.*}}[0, 3] [4, 3] [1, 1]
// CHECK:           linalg.add
func.func @slices(%x: tensor<4x6xf32>) -> tensor<4x3xf32> {
  %a = tensor.extract_slice %x[0, 0] [4, 3] [1, 1] : tensor<4x6xf32> to tensor<4x3xf32>
  %b = tensor.extract_slice %x[0, 3] [4, 3] [1, 1] : tensor<4x6xf32> to tensor<4x3xf32>
  %e = tensor.empty() : tensor<4x3xf32>
  %r = linalg.add ins(%a, %b : tensor<4x3xf32>, tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %r : tensor<4x3xf32>
}

// Tensors that are put together are a group; a constant that is no single number stays outside.

// CHECK-LABEL: func.func @together(
// CHECK:         %[[C:.+]] = arith.constant dense<[1.0{{.*}}, 2.0{{.*}}]> : tensor<2xf32>
// CHECK:         npu.undecided "layout_1" ins(%{{.*}}, %[[C]] : tensor<4xf32>, tensor<2xf32>) -> (tensor<6xf32>)
// CHECK:           tensor.concat
func.func @together(%x: tensor<4xf32>) -> tensor<6xf32> {
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %r = tensor.concat dim(0) %x, %c : (tensor<4xf32>, tensor<2xf32>) -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// An op whose loop is split by everybody who uses its result has the split loop itself: then the
// two come together. The matmul before them has no use for it.

// CHECK-LABEL: func.func @split(
// CHECK:         npu.undecided "matmul_0" {{.*}} -> (tensor<8x8xf32>)
// CHECK:         %[[M:.+]] = tensor.expand_shape {{.*}} : tensor<8x8xf32> into tensor<2x4x8xf32>
// CHECK:         npu.undecided "elementwise_1" ins(%{{.*}} : tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>)
// CHECK:           math.exp
// CHECK:           linalg.add
func.func @split(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>, %y: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  %a = linalg.exp ins(%m : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s = tensor.expand_shape %a [[0, 1], [2]] output_shape [2, 4, 8] : tensor<8x8xf32> into tensor<2x4x8xf32>
  %e2 = tensor.empty() : tensor<2x4x8xf32>
  %r = linalg.add ins(%s, %y : tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%e2 : tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return %r : tensor<2x4x8xf32>
}

// A tensor that only becomes a part of another one is no group of its own: it would be written twice.

// CHECK-LABEL: func.func @parts(
// CHECK:         npu.undecided "pad_0" ins(%{{.*}} : tensor<4xf32>) -> (tensor<10xf32>)
// CHECK:           tensor.pad
// CHECK:           tensor.concat
// CHECK-NOT:     npu.undecided
func.func @parts(%x: tensor<4xf32>) -> tensor<10xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<4xf32> to tensor<6xf32>
  %r = tensor.concat dim(0) %p, %x : (tensor<6xf32>, tensor<4xf32>) -> tensor<10xf32>
  return %r : tensor<10xf32>
}
