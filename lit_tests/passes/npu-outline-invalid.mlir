// RUN: xdsl-opt %s -p npu-outline --verify-diagnostics | filecheck %s

// CHECK: npu-outline: dynamic shapes are not supported: tensor<?x4xf32>
func.func @dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}
