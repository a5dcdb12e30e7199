// Nothing computes tensors without elements, or reduces them.
// RUN: xdsl-opt %s -p npu-drop-empty | filecheck %s

// A sum over an axis of no elements is what it starts from.

// CHECK-LABEL: func.func @sum_of_nothing(
// CHECK:         %zeros = linalg.fill
// CHECK-NEXT:    func.return %zeros : tensor<4xf32>
func.func @sum_of_nothing(%x: tensor<4x0xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %s = linalg.reduce ins(%x : tensor<4x0xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  (%in: f32, %out: f32) {
    %1 = arith.addf %in, %out : f32
    linalg.yield %1 : f32
  }
  return %s : tensor<4xf32>
}

// A result without elements is an empty tensor, whatever computes it.

// CHECK-LABEL: func.func @nothing(
// CHECK-NEXT:    %r = tensor.empty() : tensor<0x4xf32>
// CHECK-NEXT:    func.return %r
func.func @nothing(%x: tensor<0x4xf32>) -> tensor<0x4xf32> {
  %e = tensor.empty() : tensor<0x4xf32>
  %r = linalg.exp ins(%x : tensor<0x4xf32>) outs(%e : tensor<0x4xf32>) -> tensor<0x4xf32>
  return %r : tensor<0x4xf32>
}

// What is put together with nothing is itself.

// CHECK-LABEL: func.func @together(
// CHECK-NEXT:    func.return %x : tensor<4xf32>
func.func @together(%x: tensor<4xf32>, %none: tensor<0xf32>) -> tensor<4xf32> {
  %r = tensor.concat dim(0) %none, %x : (tensor<0xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}
