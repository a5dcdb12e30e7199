// A number that is read from a tensor stays a tensor: what is computed with it is an op without loops.
// RUN: xdsl-opt %s -p npu-scalars-to-tensors | filecheck %s

// CHECK-LABEL: func.func @doubled(
// CHECK-NOT:     tensor.extract
// CHECK:         %[[TWICE:.+]] = linalg.generic {{.*}}iterator_types = []} ins(%x : tensor<f32>)
// CHECK:           arith.addf
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel"]} ins(%[[TWICE]] : tensor<f32>)
func.func @doubled(%x: tensor<f32>) -> tensor<8xf32> {
  %number = tensor.extract %x[] : tensor<f32>
  %twice = arith.addf %number, %number : f32
  %empty = tensor.empty() : tensor<8xf32>
  %r = linalg.fill ins(%twice : f32) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// One element of several is cut out first.
// CHECK-LABEL: func.func @one_element(
// CHECK:         tensor.extract_slice %x[1, 2] [1, 1] [1, 1] : tensor<2x3xf32> to tensor<1x1xf32>
// CHECK-NEXT:    tensor.collapse_shape
func.func @one_element(%x: tensor<2x3xf32>) -> tensor<4xf32> {
  %row = arith.constant 1 : index
  %column = arith.constant 2 : index
  %number = tensor.extract %x[%row, %column] : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %r = linalg.fill ins(%number : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}
