// A concatenation of more tensors than a specification may have pieces, 32, is one of concatenations.
// RUN: xdsl-opt %s -p npu-split-concat | filecheck %s

// CHECK-LABEL: func.func @many(
// CHECK-NEXT:    %[[FIRST:.+]] = tensor.concat dim(0) {{.*}} -> tensor<64xf32>
// CHECK-NEXT:    %[[ALL:.+]] = tensor.concat dim(0) %[[FIRST]], %x : (tensor<64xf32>, tensor<2xf32>) -> tensor<66xf32>
// CHECK-NEXT:    func.return %[[ALL]]
func.func @many(%x: tensor<2xf32>) -> tensor<66xf32> {
  %r = tensor.concat dim(0) %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<66xf32>
  return %r : tensor<66xf32>
}

// CHECK-LABEL: func.func @few(
// CHECK-NEXT:    tensor.concat dim(0) %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return
func.func @few(%x: tensor<2xf32>) -> tensor<4xf32> {
  %r = tensor.concat dim(0) %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}
