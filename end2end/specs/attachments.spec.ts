/** Files that come with a message: chosen, shown, sent, read again; with JavaScript and without. */
import { expect, test } from '../fixtures';

const NOTES = { name: 'tides.md', mimeType: 'text/markdown', buffer: Buffer.from('# Tides\n\nHigh water at nine.') };
/** One pixel. */
const BOAT = {
  name: 'boat.png',
  mimeType: 'image/png',
  buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
};

test('a file goes to the server at once, and with the message to the model', async ({ chat, page, provider }) => {
  await chat.open();
  await page.getByLabel('Attach files').setInputFiles([NOTES]);
  const waiting = page.getByRole('list', { name: 'Files for this message' });
  await expect(waiting.getByText('tides.md')).toBeVisible();
  await expect(waiting.getByRole('status')).toHaveText('28 bytes');
  await chat.ask('fast tides');
  await expect(waiting, 'it left the composer').toHaveCount(0);
  const asked = provider.asked.findLast(it => it.messages.at(-1)!.content.endsWith('fast tides'))!;
  expect(asked.messages.at(-1)!.content).toContain('<attachment name="tides.md" kind="markdown">\n# Tides\n\nHigh water at nine.\n</attachment>');
  for (const when of ['as it was sent', 'after a reload']) {
    const file = chat.questions.getByRole('link', { name: /tides\.md/ });
    await expect(file, when).toBeVisible();
    await expect(chat.questions.locator('.said'), when).toHaveText('fast tides');
    const download = page.waitForEvent('download');
    await file.click();
    expect((await download).suggestedFilename(), when).toBe('tides.md');
    await chat.reload();
  }
});

test('what was chosen can be removed, and what is refused says why', async ({ chat, page, complaints }) => {
  complaints.allow(/422/);
  await chat.open();
  const field = page.getByLabel('Attach files');
  await field.setInputFiles([NOTES, { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.from('  \n') }]);
  const chips = page.getByRole('list', { name: 'Files for this message' }).getByRole('listitem');
  await expect(chips).toHaveCount(2);
  await expect(chips.nth(1)).toContainText('empty.txt cannot be read. There is no text');
  await chat.send('fast refused');
  await expect(page.getByRole('alert')).toContainText('empty.txt was not taken');
  await expect(chat.questions).toHaveCount(0);
  await page.getByRole('button', { name: 'Remove empty.txt' }).click();
  await page.getByRole('button', { name: 'Remove tides.md' }).click();
  await expect(chips).toHaveCount(0);
  await chat.ask('fast without');
  await expect(chat.questions.getByRole('link')).toHaveCount(0);
});

test('a picture is shown to a model that may see, and stands at its message', async ({ chat, page, provider }) => {
  await chat.open();
  await page.getByLabel('Attach files').setInputFiles([BOAT]);
  await expect(page.getByRole('list', { name: 'Files for this message' }).getByRole('status')).toHaveText(/bytes/);
  await chat.ask('fast boat');
  const asked = provider.asked.findLast(it => it.messages.at(-1)!.content === 'fast boat')!;
  expect(asked.messages.at(-1)!.pictures).toEqual([`data:image/png;base64,${BOAT.buffer.toString('base64')}`]);
  const picture = chat.questions.locator('.file-picture');
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((it: HTMLImageElement) => it.naturalWidth), { message: 'it is really there' }).toBe(1);
});

test.describe('without JavaScript', { tag: '@nojs' }, () => {
  test('a file goes with the form', async ({ chat, page, provider }) => {
    await page.goto('/');
    await page.getByLabel('Attach files').setInputFiles([NOTES]);
    await chat.composer.fill('fast by form');
    await chat.sendButton.click();
    await expect(chat.answer).toContainText('to: fast by form');
    expect(provider.asked.findLast(it => it.messages.at(-1)!.content.endsWith('fast by form'))!.messages.at(-1)!.content).toContain('High water at nine.');
    await expect(chat.questions.getByRole('link', { name: /tides\.md/ })).toBeVisible();
  });
});
