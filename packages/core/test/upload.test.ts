import { Controller, Post, UploadedFile, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { expect, it } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext } from '../src/index.js';
import { sendInPieces, serve, testRegistry } from './server.js';

@Controller()
class UploadController {
  @Post('upload')
  @UseInterceptors(FileInterceptor('file'))
  upload(@UploadedFile() file: { size: number }) {
    return { id: new TenantContext().tenantId, size: file.size };
  }
}

it("C6: an upload that multer parses in pieces keeps its tenant, beside another tenant's", async () => {
  const server = await serve('express', {
    controllers: [UploadController],
    imports: [
      TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
    ],
  });
  const upload = (slug: string, size: number) => {
    const start = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const body = `${start}${'x'.repeat(size)}\r\n--b--\r\n`;
    const head = `POST /upload HTTP/1.1\nHost: ${slug}.localhost\nContent-Type: multipart/form-data; boundary=b\nContent-Length: ${body.length}\nConnection: close\n\n`;
    const half = Math.floor(body.length / 2);
    return sendInPieces(server, [head, body.slice(0, half), body.slice(half)]);
  };
  try {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => upload(['acme', 'globex'][i % 2] ?? '', 50_000 + i)),
    );
    expect(answers.map((answer) => answer.split('\r\n\r\n')[1])).toEqual(
      answers.map((_, i) => JSON.stringify({ id: ['t_acme', 't_globex'][i % 2], size: 50_000 + i })),
    );
  } finally {
    await server.close();
  }
});
