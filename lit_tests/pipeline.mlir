// RUN: rm -f %t.sqlite*
// RUN: xdsl-opt %s -p 'npu-outline,npu-decide{target=ascend910b1 sources=composition store="%t.sqlite"},npu-multi-buffer,npu-plan-memory,npu-insert-sync' | filecheck %s

// The whole lowering of a linalg op under the stock xdsl-opt.

// CHECK:       npu.launch @elementwise_0
// CHECK:       npu.kernel @elementwise_0
// CHECK:         npu.alloc at 0 : memref<{{.*}}, #npu.scope<ub>>
// CHECK:         npu.load
// CHECK:         npu.set_flag <mte2> to <vector> event 0
// CHECK-NEXT:    npu.wait_flag <mte2> to <vector> event 0
// CHECK:         npu.vexp
// CHECK:         npu.store
func.func @main(%x: tensor<64x128xf32>) -> tensor<64x128xf32> {
  %e = tensor.empty() : tensor<64x128xf32>
  %r = linalg.exp ins(%x : tensor<64x128xf32>) outs(%e : tensor<64x128xf32>) -> tensor<64x128xf32>
  func.return %r : tensor<64x128xf32>
}
